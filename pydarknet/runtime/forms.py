"""Compiled forms of networks in the cache folder: a folder each, found by a key.

A form is a model that an engine loads at once, the arrays beside it, and what the model says of
itself. Files are taken only if nobody else can have written them, and if their digests match.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import DarknetError, UsageError
from ..system.cache import (
    CHOICES,
    FLAGS,
    WRITABLE,
    is_private,
    private_folder,
    read_content,
    write_content,
)
from ..system.console import note_once
from ..system.files import PARTIAL, hold_folder, is_abandoned, remove, sorted_entries
from ..system.text import excerpt
from . import openings
from .about import About, about_of
from .installed import import_engine

FOLDER: Final = "compiled"
MODEL, ARRAYS, RECORD = "network.onnx", "network.bin", "form"  # the files of a form
KEY: Final = re.compile(r"[0-9a-f]{64}")
VARIABLE: Final = "PYDARKNET_CACHE_SIZE"
SIZE: Final = re.compile(r"([0-9]{1,15}) ?([KMGT]?)(i?B)?", re.IGNORECASE)
UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
MOST: Final = 2 << 30  # bytes of all forms, unless the variable says otherwise
BLOCK: Final = 1 << 23  # bytes that are read at once: a thread then seldom waits for another


@dataclass(frozen=True)
class Form:
    """A compiled form: its folder, the network's name, the engine, and what the model says."""

    path: Path
    name: str
    engine: str
    about: About

    @property
    def size(self) -> int:
        """The bytes of its files; of one that another process removes, what is left."""
        total = 0
        for file in sorted_entries(self.path):
            with suppress(OSError):
                total += file.lstat().st_size
        return total

    @property
    def last_use(self) -> float:
        """The time of its last use, in seconds since 1970; 0 if another process removed it."""
        with suppress(OSError):
            return (self.path / RECORD).lstat().st_mtime
        return 0


def cache_size() -> int:
    """Return how many bytes all forms may have; 0 for none at all.

    Raises UsageError for a PYDARKNET_CACHE_SIZE that is no size.
    """
    told = os.environ.get(VARIABLE, "").strip()
    if not told:
        return MOST
    size = SIZE.fullmatch(told)
    if not size:
        problem = f"{VARIABLE}={excerpt(told)}: expected a number of bytes, such as 500M or 2G"
        raise UsageError(problem)
    return int(size[1]) * UNITS[size[2].upper()]


def may_keep() -> bool:
    """Return whether forms are kept: in a folder of this user, if they may have a size.

    A size that is none is told.
    """
    try:
        return cache_size() > 0 and private_folder(FOLDER) is not None
    except UsageError as error:
        note_once(f"{error}: no network is kept")
        return False


def find_form(key: str, meanwhile: Callable[[str], None] = import_engine) -> Form | None:
    """Return the form of a key; None if there is none, or it is damaged or another user's.

    While a thread reads its files, `meanwhile` is called with its engine.
    """
    folder = private_folder(FOLDER)
    if folder is None or not KEY.fullmatch(key):
        return None
    path = folder / key
    record = read_record(path)
    if record is None:
        return None
    form, files = form_of(path, record), record.get("files")
    there = {file.name for file in sorted_entries(path)} - {RECORD}
    if form is None or not isinstance(files, dict) or MODEL not in files or there != set(files):
        return None
    return form if is_whole(path, files, lambda: meanwhile(form.engine)) else None


def is_whole(path: Path, files: dict[str, str], meanwhile: Callable[[], None]) -> bool:
    """Return whether files have their digests; `meanwhile` is called while a thread reads them."""
    found: dict[str, str] = {}
    reader = threading.Thread(target=lambda: found.update({n: digest_of(path / n) for n in files}))
    reader.start()
    meanwhile()
    reader.join()
    return found == files


def form_of(path: Path, record: dict[str, Any]) -> Form | None:
    """Return the form of a folder by its record alone; None if that says nothing, or of another."""
    name, engine = record.get("name"), record.get("engine")
    if not isinstance(name, str) or not isinstance(engine, str) or record.get("key") != path.name:
        return None
    with suppress(KeyError, TypeError, ValueError):
        return Form(path, name, engine, about_of(record.get("about")))
    return None


def read_record(path: Path, *, used: bool = True) -> dict[str, Any] | None:
    """Return what a form's record says; None if the folder is not this user's alone."""
    try:
        status = path.lstat()
    except OSError:
        return None
    if not stat.S_ISDIR(status.st_mode) or not is_own(status):
        return None
    content = read_content(path / RECORD, used=used)
    with suppress(ValueError, RecursionError):
        record = json.loads(content or b"0")
        return record if isinstance(record, dict) else None
    return None


def is_own(status: os.stat_result) -> bool:
    """Return whether a folder is one in which only this user can write."""
    if os.name == "nt":  # where folders of a user are private
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & WRITABLE


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file that only this user can have written; empty for any other."""
    total = hashlib.sha256()
    try:
        handle = os.open(path, FLAGS)
        with os.fdopen(handle, "rb", buffering=0) as file:
            if not is_private(os.fstat(handle)):
                return ""
            block = bytearray(BLOCK)
            view = memoryview(block)
            while count := file.readinto(block):
                total.update(view[:count])
    except OSError:
        return ""
    return total.hexdigest()


def write_form(key: str, name: str, engine: str, make: Callable[[Path], dict[str, Any]]) -> None:
    """Make a form under a key; other processes see all of it or nothing.

    `make` writes the model and its arrays into a folder, and returns what the model says of itself.
    Raises OSError, UsageError as `cache_size`, and what `make` raises; then nothing is left.
    """
    folder, room = private_folder(FOLDER), cache_size()
    if folder is None:
        raise OSError("no cache folder of this user can be written")
    remove_abandoned(folder)
    room = cache_size()
    partial = folder / f"{key}.{os.urandom(4).hex()}.{os.getpid()}.tmp"
    partial.mkdir(mode=0o700)
    try:
        with hold_folder(partial):
            about = make_with_room(make, partial)
            files = {file.name: file for file in sorted_entries(partial)}
            for file in files.values():
                file.chmod(0o600)
            digests = {label: digest_of(file) for label, file in files.items()}
            record = {"key": key, "name": name, "engine": engine, "about": about, "files": digests}
            write_content(partial / RECORD, json.dumps(record).encode())
            put_in_place(partial, folder / key)
    finally:
        remove(partial)
    remove_oldest(room)


def make_with_room(make: Callable[[Path], dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Call `make` for a folder. Raises OSError where an error is the disk's, which has no room.

    What engines say does not tell one from the other.
    """
    try:
        return make(folder)
    except DarknetError:
        for file in [*sorted_entries(folder), folder / MODEL]:
            with open(file, "ab") as opened:
                opened.write(bytes(BLOCK))
        raise


def put_in_place(partial: Path, path: Path) -> None:
    """Give a whole form its name, unless another process gave it to its own; not to a damaged."""
    try:
        partial.rename(path)
    except OSError:
        if find_form(path.name):
            return
        remove(path)
        partial.rename(path)


def forms() -> Iterator[Form]:
    """Yield the forms in the cache, the one that was used last first."""
    folder = private_folder(FOLDER)
    paths = [path for path in sorted_entries(folder) if KEY.fullmatch(path.name)] if folder else []
    found = [form_of(path, read_record(path, used=False) or {}) for path in paths]
    yield from sorted(filter(None, found), key=lambda form: form.last_use, reverse=True)


def remove_oldest(room: int) -> None:
    """Remove the forms that were used longest ago, until the others have room; the last stays."""
    for number, form in enumerate(forms()):
        room -= form.size
        if number and room < 0:
            remove(form.path)


def remove_all() -> int:
    """Remove all forms, openings and measured choices; return how many forms there were."""
    count = len(list(forms()))
    around = private_folder()
    for path in sorted_entries(around) if around else ():
        if CHOICES.fullmatch(path.name):
            remove(path)
    for name in (FOLDER, openings.FOLDER):
        folder = private_folder(name)
        for path in sorted_entries(folder) if folder else ():
            remove(path)
    return count


def remove_abandoned(folder: Path) -> None:
    """Remove what killed processes left of forms that they made."""
    for path in sorted_entries(folder):
        partial = PARTIAL.fullmatch(path.name)
        if partial and path.is_dir() and is_abandoned(path, int(partial["process"])):
            remove(path)
