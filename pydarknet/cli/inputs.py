"""The files that a command reads, over which it writes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ..errors import UsageError


class Inputs:
    """Files by device and number, so that links and other names of a file are the file."""

    def __init__(self, paths: Iterable[str | Path] = ()) -> None:
        self.files: set[tuple[int, int]] = set()
        for path in paths:
            self.add(path)

    def add(self, path: str | Path) -> None:
        """Remember a file, if it is one."""
        file = file_of(path)
        if file:
            self.files.add(file)

    def check(self, path: str | Path) -> None:
        """Raise UsageError if writing to a path would change a file that is read.

        Quirk: INPUTS_ARE_KEPT
        """
        if file_of(path) in self.files:
            raise UsageError(f"{path} is read by this command: expected another file to write to")


def file_of(path: str | Path) -> tuple[int, int] | None:
    """Return the device and number of a plain file, through links; None if there is none."""
    try:
        if not os.path.isfile(path):
            return None
        found = os.stat(path)
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    return found.st_dev, found.st_ino
