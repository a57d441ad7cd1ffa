"""The door to matplotlib: imported when something is drawn, silent, and writing where it may."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from ..errors import MissingPackage
from ..system.cache import private_folder
from ..system.files import SharedFolder

NAME = "matplotlib"
HINT = "pip install matplotlib, which draws the charts; all else runs without it"
ONE_THREAD = threading.RLock()
FOLDERS: list[SharedFolder] = []  # which live as long as this process


def load_matplotlib() -> None:
    """Import what charts need of matplotlib, unless the program did. Raises MissingPackage.

    It reads its settings and keeps its list of fonts where it always does. Where it could not write
    there, both are in this program's cache folder; without one, in a folder of this process.
    """
    if f"{NAME}.backends.backend_agg" in sys.modules:
        return
    try:
        with silent(), usable_folder():
            import matplotlib.backends.backend_agg
            import matplotlib.figure  # noqa: F401
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != NAME:
            raise
        raise missing() from None


def check_installed() -> None:
    """Raise MissingPackage if matplotlib is not there; it is not imported."""
    if NAME not in sys.modules and find_spec(NAME) is None:
        raise missing()


def missing() -> MissingPackage:
    """Return the error that says how to get matplotlib."""
    return MissingPackage(f"this needs {NAME}, which is not installed", hint=HINT)


@contextmanager
def silent() -> Iterator[None]:
    """Let matplotlib not tell on stderr that it looks for fonts, or misses one.

    One thread at a time is inside: what it is told, and its fonts, are those of all threads.
    """
    logger = logging.getLogger(NAME)
    with ONE_THREAD:
        before = logger.level
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(before)


@contextmanager
def usable_folder() -> Iterator[None]:
    """Let matplotlib find a folder that it can write to while it is imported."""
    if "MPLCONFIGDIR" in os.environ or all(map(is_writable, usual_folders())):
        yield
        return
    os.environ["MPLCONFIGDIR"] = str(private_folder(NAME) or folder_of_process())
    try:
        yield
    finally:
        del os.environ["MPLCONFIGDIR"]


def usual_folders() -> Iterator[Path | None]:
    """Yield where matplotlib reads its settings and keeps its list of fonts."""
    for variable, name in (("XDG_CONFIG_HOME", ".config"), ("XDG_CACHE_HOME", ".cache")):
        try:
            home = Path.home()
        except RuntimeError:
            yield None
            return
        if sys.platform in ("win32", "darwin"):
            yield home / f".{NAME}"
        else:
            yield Path(os.environ.get(variable) or home / name) / NAME


def is_writable(folder: Path | None) -> bool:
    """Return whether a folder can be written, or made; not in one that may not be entered."""
    if folder is None:
        return False
    try:
        there = next(one for one in (folder, *folder.parents) if one.exists() or one.is_symlink())
        return there.is_dir() and os.access(there, os.W_OK)
    except OSError:
        return False


def folder_of_process() -> Path:
    """Return a folder that disappears with this process."""
    FOLDERS.append(SharedFolder(f"pydarknet-{NAME}"))
    return FOLDERS[-1].path
