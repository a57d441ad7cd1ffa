"""Other distributions whose package has this one's name."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable, Iterator

OTHERS = {"yolo34py", "yolo34py_gpu", "wbia_pydarknet"}
INSTALLED = (".dist-info", ".egg-info")
HOMES = ("site-packages", "dist-packages")


def warn_of_neighbours() -> None:
    """Warn where another distribution's `pydarknet` is installed: the files of one hide another's.

    The folders' names are read and no metadata, which would take as long as all the rest of us.
    """
    own = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    homes = [path for path in map(str, sys.path) if path.endswith(HOMES)]
    for name in sorted(set(neighbours([own, *homes]))):
        text = f"{name} is installed, whose package is pydarknet too: uninstall one of the two"
        warnings.warn(text, stacklevel=3)


def neighbours(folders: Iterable[str]) -> Iterator[str]:
    """Yield the names of the others that are installed in folders."""
    for folder in folders:
        try:
            entries = os.listdir(folder)
        except OSError:
            continue
        for entry in entries:
            name = entry.split("-")[0].lower()
            if name in OTHERS and entry.endswith(INSTALLED):
                yield name.replace("_", "-")
