"""Where files are kept and written: the cache, the working folder, temporary files, limits."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from ..boxes.fonts import VARIABLE as FONT
from ..errors import DarknetError, UsageError
from ..runtime.forms import VARIABLE as SIZE
from ..runtime.forms import cache_size
from ..system.cache import cache_folder
from ..system.folders import files_below
from ..system.memory import size_text
from .finding import GOOD, MORE, Finding

ROOM: Final = 1 << 28  # bytes that should be free
SHARED: Final = Path("/dev/shm")  # by which processes of Linux share memory
SHARED_ROOM: Final = 1 << 28
FILES: Final = 256  # that may be open at once
ELSEWHERE: Final = "export XDG_CACHE_HOME=FOLDER"


def look_at_cache() -> Iterator[Finding]:
    """Yield where compiled networks are kept, and how much; or why nothing is."""
    folder = cache_folder()
    if folder is None:
        yield Finding("cache", MORE, "nothing is kept: this user has no home", ELSEWHERE)
        return
    try:
        most = cache_size()
    except UsageError as error:
        yield Finding("cache", MORE, f"nothing is kept: {error}", f"unset {SIZE}")
        return
    problem = why_closed(folder)
    if problem:
        yield Finding("cache", MORE, f"nothing is kept in {folder}: {problem}", mend_of(folder))
    elif not most:
        yield Finding("cache", GOOD, f"nothing is kept: {SIZE} is 0")
    else:
        files = list(files_below(folder)) if folder.is_dir() else []
        total = sum(size_of(file) for file in files)
        kept = f"{len(files)} files, {size_text(total)} of at most {size_text(most)}"
        yield Finding("cache", GOOD, f"{folder}: {kept}")


def why_closed(folder: Path) -> str:
    """Return why files cannot be made in a folder, or in the first above it that there is."""
    there = next(one for one in (folder, *folder.parents) if os.path.exists(one) or not one.name)
    if not there.is_dir():
        return f"{there} is no folder"
    if hasattr(os, "geteuid") and there == folder and there.stat().st_uid != os.geteuid():
        return "another user owns it"
    if not os.access(there, os.W_OK | os.X_OK):
        return f"{there} cannot be written"
    return ""


def mend_of(folder: Path) -> str:
    """Return what lets a closed folder be written: its owner may, unless its disk is read only."""
    mine = hasattr(os, "geteuid") and folder.is_dir() and folder.stat().st_uid == os.geteuid()
    if mine and not os.access(folder, os.W_OK) and not read_only(folder):
        return f"chmod u+rwx {folder}"
    return ELSEWHERE


def read_only(folder: Path) -> bool:
    """Return whether the file system of a folder is read only."""
    if not hasattr(os, "statvfs"):
        return False
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def size_of(file: str) -> int:
    """Return the bytes of a file; none if it was removed."""
    with suppress(OSError):
        return os.lstat(file).st_size
    return 0


def look_at_disk() -> Iterator[Finding]:
    """Yield whether files can be written here and in the folder of temporary files."""
    try:
        here, temporary = os.getcwd(), tempfile.gettempdir()
    except OSError as error:  # it was removed, or no folder can be written
        text = f"the working folder, or one for temporary files: {error.strerror or error}"
        yield Finding("disk", MORE, text, "cd")
        return
    if not os.access(here, os.W_OK):
        text = f"{here} cannot be written: predictions.jpg has no place"
        yield Finding("disk", MORE, text, "cd")
    free = {folder: shutil.disk_usage(folder).free for folder in (here, temporary)}
    text = ", ".join(f"{size_text(size)} free in {folder}" for folder, size in free.items())
    few = min(free.values()) < ROOM
    yield Finding("disk", MORE if few else GOOD, text, "pydarknet cache clear" if few else "")


def look_at_limits() -> Iterator[Finding]:
    """Yield the limits of this system that training may meet."""
    if SHARED.is_dir() and (size := shutil.disk_usage(SHARED).total) < SHARED_ROOM:
        text = f"{SHARED} has {size_text(size)}: too little for the workers of training"
        yield Finding("limits", MORE, text, "docker run --shm-size=1g ...")
    if sys.platform == "win32":
        return
    import resource

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= files < FILES:
        yield Finding("limits", MORE, f"{files} files may be open at once", "ulimit -n 4096")


def look_at_font() -> Iterator[Finding]:
    """Yield a finding if the font that the environment names cannot be used."""
    from ..boxes.fonts import chosen_font

    try:
        chosen_font(None)
    except DarknetError as error:
        yield Finding("letters", MORE, f"{FONT}: {error}", f"unset {FONT}")
