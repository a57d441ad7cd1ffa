"""The files in a folder and in all folders below it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from .problems import guard

Folder = tuple[int, int]


def files_below(folder: str | Path, *, apart: str | Path | None = None) -> Iterator[str]:
    """Yield the files in a folder and below it, in the order of their names, level by level down.

    Links to folders are followed, but each folder is looked into once, so that links in a circle
    end. Folders whose names begin with a dot are passed over, and the folder `apart`. One that
    cannot be looked into is told, and costs no other.
    """
    seen = {identity(path) for path in (apart,) if path} - {identity(folder)}
    waiting = [str(folder)]
    while waiting:
        path = waiting.pop()
        if os.path.isdir(path):
            if identity(path) not in seen:
                seen.add(identity(path))
                waiting += [os.path.join(path, name) for name in reversed(names_in(path))]
        else:
            yield path


def names_in(folder: str) -> list[str]:
    """Return the names in a folder, sorted, but those of hidden folders; none if it is closed."""
    with guard(folder), os.scandir(folder) as entries:
        return sorted(e.name for e in entries if not (e.name.startswith(".") and e.is_dir()))
    return []


def identity(path: str | Path) -> Folder | None:
    """Return the device and number of a folder, the same through any link; None if it is gone."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
