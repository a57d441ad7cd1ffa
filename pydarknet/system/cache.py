"""Files that can be made again (compiled kernels, exported networks), kept in a cache folder.

What is cached runs as code, so that only files are taken that nobody else can have written.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .console import note_once
from .files import remove, remove_partial_files, sorted_entries, write_file

DIGEST = 32  # bytes of SHA-256, which stand before the content of a file
CHOICES = re.compile(r"choices-.+\.json")  # what was measured, see backends.choices
OURS = re.compile(rf".+\.(cubin|onnx)|{CHOICES.pattern}")  # weights in the folder are the user's
MOST_FILES, MOST_BYTES = 32, 2 << 30  # that are kept, the latest used first
FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # no waiting
WRITABLE = stat.S_IWGRP | stat.S_IWOTH


def cached_content(name: str, make: Callable[[], bytes]) -> bytes:
    """Return the content cached under a name; it is made if it is missing or damaged.

    Where no folder is safe or can be written, it is made each time.
    """
    folder = private_folder()
    if folder is None:
        return make()
    content = read_content(folder / name)
    if content is None:
        content = make()
        with suppress(OSError):
            write_content(folder / name, content)
            remove_oldest(folder)
    return content


def cache_folder() -> Path | None:
    """Return this platform's folder for cached files; None for a user without a home."""
    try:
        if sys.platform == "win32":
            base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        else:
            base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:
        return None
    return Path(base) / "pydarknet"


def private_folder(name: str = "") -> Path | None:
    """Return the cache folder if it belongs to this user, whose alone it is made; else None.

    With a name it is a folder in it.
    """
    folder = private_folder() if name else cache_folder()
    if folder is None:
        return None
    folder = folder / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if sys.platform == "win32":  # where folders of a user are private
            return folder
        if {folder.lstat().st_uid, folder.stat().st_uid} != {os.geteuid()}:
            note_once(f"{folder}: another user owns this cache folder: nothing is cached")
            return None
        if folder.stat().st_mode & WRITABLE:
            folder.chmod(0o700)
    except OSError:
        return None
    return folder


def read_content(path: Path, *, used: bool = True) -> bytes | None:
    """Return a file's content; it counts as `used` now.

    None if it is missing, its digest does not match, or another user could have written it.
    """
    try:
        handle = os.open(path, FLAGS)
        with os.fdopen(handle, "rb") as opened:
            if not is_private(os.fstat(handle)):
                return None
            file = opened.read()
    except OSError:
        return None
    if used:
        with suppress(OSError):  # of a disk that is read only
            os.utime(path)
    digest, content = file[:DIGEST], file[DIGEST:]
    return content if hashlib.sha256(content).digest() == digest else None


def is_private(status: os.stat_result) -> bool:
    """Return whether a file is one that only this user can have written."""
    if sys.platform == "win32":
        return True
    mine = status.st_uid == os.geteuid() and not status.st_mode & WRITABLE
    return mine and stat.S_ISREG(status.st_mode)


def write_content(path: Path, content: bytes) -> None:
    """Write a content under its digest; other processes see all of it or nothing."""
    remove_partial_files(path.parent, re.compile(".+"))
    if path.is_symlink() or (path.exists() and not path.is_file()):
        remove(path)
    write_file(path, hashlib.sha256(content).digest() + content)
    path.chmod(0o600)


def remove_oldest(folder: Path) -> None:
    """Remove the cached files that were used longest ago, where they are too many or too large."""
    files = [path for path in sorted_entries(folder) if OURS.fullmatch(path.name)]
    latest = sorted(files, key=lambda path: path.lstat().st_mtime_ns, reverse=True)
    room = MOST_BYTES
    for number, path in enumerate(latest):
        room -= path.lstat().st_size
        if number and (number >= MOST_FILES or room < 0):
            with suppress(OSError):
                path.unlink()
