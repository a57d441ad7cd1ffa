"""Files that can be made again (compiled kernels, exported networks), kept in a cache folder."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .files import remove_partial_files, write_file

DIGEST = 32  # bytes of SHA-256, which stand before the content of a file


def cached_content(name: str, make: Callable[[], bytes]) -> bytes:
    """Return the content cached under a name; it is made if it is missing or damaged."""
    path = cache_folder() / name
    content = read_content(path)
    if content is None:
        content = make()
        with suppress(OSError):  # if the folder cannot be written, it is made each time
            write_content(path, content)
    return content


def cache_folder() -> Path:
    """Return this platform's folder for cached files."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "pydarknet"


def read_content(path: Path) -> bytes | None:
    """Return a file's content; None if it is missing, or its digest does not match."""
    try:
        file = path.read_bytes()
    except OSError:
        return None
    digest, content = file[:DIGEST], file[DIGEST:]
    return content if hashlib.sha256(content).digest() == digest else None


def write_content(path: Path, content: bytes) -> None:
    """Write a content under its digest; other processes see all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_partial_files(path.parent, re.compile(".+"))
    write_file(path, hashlib.sha256(content).digest() + content)
