"""The files that a command reads, over which it writes nothing."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from ..errors import UsageError

File = tuple[int, int]
Names = Iterable[str | Path]


class Inputs:
    """Files by device and number, so that links and other names of a file are the file.

    Those that lists name may be many: they are looked at only when a file that is there would be
    written over.
    """

    def __init__(self, paths: Names = ()) -> None:
        self.files: dict[File, str | Path] = {}  # with a path of each
        self.listed: dict[File, str | Path] = {}
        self.lists: list[Callable[[], Names]] = []
        for path in paths:
            self.add(path)

    def add(self, path: str | Path) -> None:
        """Remember a file, if it is one."""
        if file := file_of(path):
            self.files.setdefault(file, path)

    def has(self, path: str | Path, *, listed: bool = True) -> bool:
        """Return whether a path leads to a file that is read; not `listed`: files of lists aside.

        A file that was replaced since is none: another may have its number.

        Quirk: INPUTS_ARE_KEPT
        """
        file = file_of(path)
        if file is None:
            return False
        known = self.files.get(file)
        if known is None and listed:
            known = self.all_listed().get(file)
        return known is not None and file_of(known) == file

    def all_listed(self) -> dict[File, str | Path]:
        """Return the files that lists name."""
        while self.lists:
            for path in self.lists.pop()():
                if file := file_of(path):
                    self.listed.setdefault(file, path)
        return self.listed


CURRENT: ContextVar[Inputs | None] = ContextVar("inputs", default=None)


@contextmanager
def keep_inputs(paths: Names = ()) -> Iterator[None]:
    """Write over none of these files inside the block, nor over those that are remembered there."""
    before = CURRENT.set(Inputs(paths))
    try:
        yield
    finally:
        CURRENT.reset(before)


def remember(path: str | Path) -> None:
    """Remember a file that the command reads."""
    inputs = CURRENT.get()
    if inputs:
        inputs.add(path)


def remember_all(paths: Callable[[], Names]) -> None:
    """Remember files that the command reads, and look at them only if that is needed."""
    inputs = CURRENT.get()
    if inputs:
        inputs.lists.append(paths)


def is_input(path: str | Path, *, listed: bool = True) -> bool:
    """Return whether a path leads to a file that the command reads, as `Inputs.has`."""
    inputs = CURRENT.get()
    return inputs is not None and inputs.has(path, listed=listed)


def check_output(path: str | Path, hint: str = "") -> None:
    """Raise UsageError if writing to a path would change a file that the command reads."""
    if is_input(path):
        problem = f"{path} is read by this command: expected another file to write to"
        raise UsageError(problem, hint=hint)


def check_apart(paths: Names) -> None:
    """Raise UsageError if two of the files that a command writes are one; devices may be."""
    known: set[File | str] = set()
    for path in paths:
        file = file_of(path)
        if file is None and os.path.exists(path):
            continue
        key = file or os.path.realpath(path)
        if key in known:
            raise UsageError(f"{path} would be written twice: expected two files")
        known.add(key)


def file_of(path: str | Path) -> File | None:
    """Return the device and number of a plain file, through links; None if there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None
