"""Whether a file is still what it was: by its bytes, or where they are many by what its disk says.

A disk notes the time of each change. It cannot tell two changes apart that lie close together, so
that a file which was changed a moment before it was read is compared by its bytes. Of any other
large one some are read too, for disks that note no times, or those of whoever made their image.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import DataError
from .digest import digest

SMALL = 1 << 20  # bytes of a file whose content alone counts
SETTLED = 2_000_000_000  # nanoseconds after a change, from which on another one has another time
SPOTS, SPOT = 16, 4096  # places of a large file that are read, and bytes at each


class Disk(NamedTuple):
    """What a disk says of a file; times in nanoseconds: of its content, and of what is said here.

    `kind` is a plain file, a folder, or another of those in `stat`.
    """

    device: int
    number: int
    size: int
    written: int
    changed: int
    kind: int


@dataclass(frozen=True)
class Identity:
    """What a file was at the time `seen`, in nanoseconds; `disk` None: there was none.

    `path` is as it was asked for: of a relative one, each working folder has its own. `content` is
    the SHA-256 of the bytes that count, empty for what has none or cannot be read.
    """

    path: str
    seen: int
    disk: Disk | None
    content: str

    @staticmethod
    def of(path: str | Path) -> Identity:
        """Look at a file."""
        seen, name = time.time_ns(), os.fspath(path)
        disk = disk_of(name)
        return Identity(name, seen, disk, content_of(name, disk, seen))

    @staticmethod
    def read(said: Sequence[Any]) -> Identity:
        """Return an identity from JSON; raises ValueError or TypeError for what is none."""
        path, seen, disk, content = said
        return Identity(str(path), int(seen), Disk(*map(int, disk)) if disk else None, str(content))

    @property
    def words(self) -> list[Any]:
        """The same for JSON."""
        return [self.path, self.seen, self.disk and list(self.disk), self.content]

    @property
    def key(self) -> list[Any]:
        """What tells this file from another, whatever its name is."""
        by_bytes = self.content and self.disk and counts_whole(self.disk, self.seen)
        return [self.content] if by_bytes else [self.disk, self.content]

    def holds(self) -> bool:
        """Return whether the file is still the same; not if it cannot be read.

        Quirk: COMPILED_FORMS
        """
        disk = disk_of(self.path)
        if disk is None or self.disk is None or not stat.S_ISREG(disk.kind):
            return disk == self.disk
        if disk.size != self.disk.size or (disk.size > SMALL and disk != self.disk):
            return False
        return content_of(self.path, disk, self.seen) == self.content != ""

    def at_rest(self) -> Identity:
        """Return the same, once a large file has rested, without a need to read all of it again.

        Call it when it holds.
        """
        if self.disk is None or self.disk.size <= SMALL or is_settled(self.disk, self.seen):
            return self
        now = Identity.of(self.path)
        rested = now.disk == self.disk and now.content and is_settled(self.disk, now.seen)
        return now if rested else self

    def rests(self) -> bool:
        """Return whether nobody has written the file since, nor changed it and changed it back."""
        return disk_of(self.path) == self.disk and self.holds()


def disk_of(path: str) -> Disk | None:
    """Return what the disk says of a file or folder, through links; None if there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    times = found.st_mtime_ns, found.st_ctime_ns
    return Disk(found.st_dev, found.st_ino, found.st_size, *times, stat.S_IFMT(found.st_mode))


def content_of(path: str, disk: Disk | None, seen: int) -> str:
    """Return the SHA-256 of the bytes that count of a file of which the disk says so.

    It is empty for what is no plain file, cannot be read, or changes meanwhile. A file server's
    disk is only known to be up to date once the file was opened.
    """
    if disk is None or not stat.S_ISREG(disk.kind):
        return ""
    with suppress(DataError, OSError):
        content = digest(path) if counts_whole(disk, seen) else digest_of_spots(path, disk.size)
        return content if disk_of(path) == disk else ""
    return ""


def digest_of_spots(path: str, size: int) -> str:
    """Return the SHA-256 of parts of a large file, from its first byte to its last."""
    total = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        for place in range(SPOTS):
            file.seek((size - SPOT) * place // (SPOTS - 1))
            total.update(file.read(SPOT))
    return total.hexdigest()


def counts_whole(disk: Disk, seen: int) -> bool:
    """Return whether all bytes of a file count: if it is small, or was not settled when seen."""
    return disk.size <= SMALL or not is_settled(disk, seen)


def is_settled(disk: Disk, seen: int) -> bool:
    """Return whether a file had rested for a while at a time; not if it comes from the future."""
    return seen - max(disk.written, disk.changed) > SETTLED


READ: ContextVar[dict[str, Identity] | None] = ContextVar("read", default=None)


@contextmanager
def record_reads() -> Iterator[dict[str, Identity]]:
    """Yield the files on which the block turns out to depend, by name; missing ones too."""
    files: dict[str, Identity] = {}
    before = READ.set(files)
    try:
        yield files
    finally:
        READ.reset(before)


def depends_on(path: str | Path) -> None:
    """Tell that what is computed depends on a file, or on its absence. Call it before reading."""
    files = READ.get()
    if files is not None and (name := os.fspath(path)) not in files:
        files[name] = Identity.of(name)


CHANCE = Identity(path="", seen=0, disk=Disk(0, 0, 0, 0, 0, 0), content="")  # which never holds


def depends_on_chance() -> None:
    """Tell that what is computed has random numbers in it, and is another one each time."""
    files = READ.get()
    if files is not None:
        files[CHANCE.path] = CHANCE
