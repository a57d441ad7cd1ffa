"""Other distributions whose package is named pydarknet too."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable, Iterator

OTHERS = {"yolo34py", "yolo34py_gpu", "wbia_pydarknet"}
INSTALLED = (".dist-info", ".egg-info")
HOMES = ("site-packages", "dist-packages")


def warn_of_neighbours() -> None:
    """Warn if another distribution's `pydarknet` is installed: the files of one hide the other's.

    Only names of folders are read: reading metadata would take as long as the rest of the import.
    """
    own = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    homes = [path for path in map(str, sys.path) if path.endswith(HOMES)]
    for name in sorted(set(neighbours([own, *homes]))):
        text = f"{name} is installed, whose package is pydarknet too: uninstall one of the two"
        warnings.warn(text, stacklevel=3)


def neighbours(folders: Iterable[str]) -> Iterator[str]:
    """Yield the names of such distributions in folders."""
    for folder in folders:
        try:
            entries = os.listdir(folder)
        except OSError:
            continue
        for entry in entries:
            name = entry.split("-")[0].lower()
            if name in OTHERS and entry.endswith(INSTALLED):
                yield name.replace("_", "-")
