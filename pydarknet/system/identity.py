"""Whether a file is still what it was: by its bytes, or where they are many by what its disk says.

A disk notes the time of each change. It cannot tell two changes apart that lie close together, so
that a file which was changed a moment before it was read is compared by its bytes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError
from .digest import digest

SMALL = 1 << 20  # bytes of a file whose content alone counts
SETTLED = 2_000_000_000  # nanoseconds after a change, from which on another one has another time


@dataclass(frozen=True)
class Identity:
    """What a file was at the time `seen`, in nanoseconds; `disk` None: there was none.

    `disk` are device, number, size, and the times of the last change of the content and of what the
    disk says of it. `content` is the SHA-256, where the bytes count.
    """

    path: str
    seen: int
    disk: tuple[int, ...] | None
    content: str | None

    @staticmethod
    def of(path: str | Path) -> Identity:
        """Look at a file. Raises DataError if it is there and cannot be read."""
        seen, name = time.time_ns(), os.path.abspath(path)
        disk = disk_of(name)
        by_bytes = disk is not None and (disk[2] <= SMALL or not is_settled(disk, seen))
        return Identity(name, seen, disk, digest(name) if by_bytes else None)

    @staticmethod
    def read(said: Sequence[Any]) -> Identity:
        """Return an identity from JSON; raises ValueError or TypeError for what is none."""
        path, seen, disk, content = said
        return Identity(str(path), int(seen), tuple(map(int, disk)) if disk else None, content)

    @property
    def words(self) -> list[Any]:
        """The same for JSON."""
        return [self.path, self.seen, self.disk, self.content]

    @property
    def key(self) -> list[Any]:
        """What tells this file from another, whatever its name is."""
        return [self.content] if self.content else [self.disk]

    def holds(self) -> bool:
        """Return whether the file is still the same.

        Quirk: COMPILED_FORMS
        """
        disk = disk_of(self.path)
        if disk is None or self.disk is None:
            return disk == self.disk
        if disk[2] != self.disk[2] or (disk[2] > SMALL and disk != self.disk):
            return False
        if self.content is None:
            return is_settled(disk, self.seen)
        with suppress(DataError):
            return digest(self.path) == self.content
        return False


def disk_of(path: str) -> tuple[int, ...] | None:
    """Return what the disk says of a file or folder, through links; None if there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def is_settled(disk: tuple[int, ...], seen: int) -> bool:
    """Return whether a file had rested for a while at a time; not if it comes from the future."""
    return seen - max(disk[3:]) > SETTLED


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
    if files is None:
        return
    name = os.path.abspath(path)
    if name not in files:
        with suppress(DataError, ValueError):  # then reading it will say so
            files[name] = Identity.of(name)
