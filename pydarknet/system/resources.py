"""The cfg, data and weights files that come with the package."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from .console import note

FOLDERS = ("cfg", "data", "weights")
PACKAGE = Path(__file__).parents[1]


def shipped_file(name: str | Path) -> Path | None:
    """Return the shipped file of a path's base name, else None.

    A wheel carries the folders in `pydarknet/files`; an editable install finds them beside the
    package.
    """
    base = Path(name).name
    places = (f"{root}/{folder}/{base}" for root in roots() for folder in FOLDERS)
    found = next(filter(os.path.isfile, places), None)
    return Path(found) if found else None


def shipped_files(folder: str, endings: Iterable[str]) -> list[Path]:
    """Return the shipped files of a folder (cfg, data, weights) with one of some endings."""
    for root in roots():
        found = sorted(path for path in (root / folder).glob("*") if path.suffix in tuple(endings))
        if found:
            return found
    return []


@cache
def roots() -> list[Path]:
    """Return the folders that may have the folders of shipped files."""
    beside = [PACKAGE.parent] if (PACKAGE.parent / "setup.py").is_file() else []
    return [PACKAGE / "files", *beside]


def locate(path: str | Path) -> Path:
    """Return the path if it exists, else, with a note, the shipped file of its name."""
    wanted = Path(path)
    if os.path.exists(wanted):
        return wanted
    found = shipped_file(wanted)
    if found:
        note(f"{wanted} is not here, using the shipped {found}")
    return found or wanted
