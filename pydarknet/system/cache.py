"""What programs can make again, kept on disk for the next time."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

DIGEST = 32  # bytes of SHA-256, which stand before the content of a file


def cached_content(name: str, make: Callable[[], bytes]) -> bytes:
    """Return the content kept under a name, made where there is none, or not what was written."""
    path = cache_folder() / name
    content = read_content(path)
    if content is None:
        content = make()
        with suppress(OSError):  # where nothing can be written, it is made each time
            write_content(path, content)
    return content


def cache_folder() -> Path:
    """Return where this platform keeps what programs can make again."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "pydarknet"


def read_content(path: Path) -> bytes | None:
    """Read a content; None where there is none, or not what was written."""
    try:
        file = path.read_bytes()
    except OSError:
        return None
    digest, content = file[:DIGEST], file[DIGEST:]
    return content if hashlib.sha256(content).digest() == digest else None


def write_content(path: Path, content: bytes) -> None:
    """Write a content so that another process finds all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(content).digest() + content)
        os.replace(name, path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
