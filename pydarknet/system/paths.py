"""Paths as people write them into files: with blanks, quotes and comments, or from elsewhere."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from ..errors import UsageError, WrongType

COMMENT = re.compile(r"[ \t][#;]")
LONGEST = 4096  # letters of a path; Linux opens none that is longer
REASONS = (  # why a path is not what its writer may think
    (re.compile(r"[ \t]"), "Darknet deletes blanks"),
    (COMMENT, "a comment needs a line of its own"),
    (re.compile(r"^[\"']|[\"']$"), "quotes are taken as letters"),
    (re.compile("^~"), "~ is taken as a letter"),
    (re.compile(r"\\"), r"\ separates no folders here"),
)


def path_of(given: object, what: str) -> Path:
    """Return the path of a file that a Python program names by text, bytes or a Path.

    `what` is the file's part in messages, such as "the cfg". Raises WrongType for anything else,
    UsageError for what is empty or the content of a file.
    """
    if not isinstance(given, str | bytes | os.PathLike):
        raise WrongType(f"{what} is of type {type(given).__name__}: expected its path")
    path = os.fsdecode(given)
    if not path:
        raise UsageError(f"{what} is an empty word: expected its path")
    if "\0" in path or ("\n" in path and not os.path.lexists(path)):
        raise UsageError(f"{what} is given as its content: expected its path")
    return Path(path)


def is_utf8(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is UTF-8: OpenCV crashes at the name of any other file."""
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def meanings(written: str) -> list[str]:
    """Return what a path may mean: without blanks at its ends, comment, quotes, ~ and \\."""
    plain = written.strip(" \t")
    bare = COMMENT.split(plain)[0].strip(" \t")
    quoted = len(bare) > 2 and bare[0] == bare[-1] and bare[0] in "\"'"
    unquoted = bare[1:-1] if quoted else bare
    home = os.path.expanduser(unquoted)
    found = (plain, bare, unquoted, home, home.replace("\\", "/"))
    return [path for path in dict.fromkeys(found) if path]


def first_there(
    paths: Iterable[str],
    folders: Iterable[str] = ("",),
    there: Callable[[str], bool] = os.path.isfile,
) -> str | None:
    """Return the first of some paths that is there, as it stands or in one of the folders."""
    folders = list(folders)
    whole = (os.path.join(folder, path) for path in paths for folder in folders)
    return next((path for path in whole if there(path)), None)


def new_place(path: str, folder: str, *, alone: bool = False) -> str | None:
    """Return a file that a path named before it was moved to a folder or below it, or None.

    The end of the path is what is there: a folder and a name at least, but in a folder of the same
    name, or if it may stand `alone`, the name. The longest end comes first.

    Quirk: LISTED_PATHS
    """
    if len(path) > LONGEST:
        return None
    parts = [part for part in path.split("/") if part not in ("", ".")]
    own = Path(os.path.abspath(folder)).name
    last = len(parts) if alone or own in parts[-2:-1] else len(parts) - 1
    return first_there(("/".join(parts[n:]) for n in range(1, last)), (folder,))


def first_makeable(paths: Iterable[str]) -> str | None:
    """Return the first of some folders whose own folder is there."""
    return next((p for p in paths if os.path.isdir(os.path.dirname(p.rstrip("/")) or ".")), None)


def oddity(written: str) -> str:
    """Return why a path may not be what its writer thinks; empty if nothing is odd about it."""
    return "; ".join(reason for pattern, reason in REASONS if pattern.search(written))
