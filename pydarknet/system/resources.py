"""The cfg, data and weights files that come with the package."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from .console import note

FOLDERS = ("cfg", "data", "weights")
PACKAGE = Path(__file__).parents[1]


def shipped_file(name: str | Path) -> Path | None:
    """Return the shipped file of that path, else of that base name, else None.

    A wheel carries the folders in `pydarknet/files`; an editable install finds them beside the
    package.
    """
    wanted = Path(name)
    for root in (PACKAGE / "files", PACKAGE.parent):
        for folder in FOLDERS:
            home = root / folder
            if root == PACKAGE.parent and not (root / "setup.py").is_file():
                continue
            for file in (root / wanted, home / wanted.name):
                if os.path.isfile(file) and file.parent == home:
                    return file
    return None


def shipped_files(folder: str, endings: Iterable[str]) -> list[Path]:
    """Return the shipped files of a folder (cfg, data, weights) with one of some endings."""
    for root in (PACKAGE / "files", PACKAGE.parent):
        home = root / folder
        found = sorted(path for path in home.glob("*") if path.suffix in tuple(endings))
        if found and (root != PACKAGE.parent or (root / "setup.py").is_file()):
            return found
    return []


def locate(path: str | Path) -> Path:
    """Return the path if it exists, else, with a note, the shipped file of its name."""
    wanted = Path(path)
    if os.path.exists(wanted):
        return wanted
    found = shipped_file(wanted)
    if found:
        note(f"{wanted} is not here, using the shipped {found}")
    return found or wanted
