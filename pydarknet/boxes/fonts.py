"""Font files for texts whose letters OpenCV lacks or cannot join; Pillow draws them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import DataError

VARIABLE = "PYDARKNET_FONT"
ENDINGS = (".ttf", ".otf", ".ttc")
NOT_PLAIN = ("bold", "black", "italic", "oblique", "mono", "serif", "condensed", "narrow", "light")
FOLDERS = {
    "darwin": ("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"),
    "win32": ("%WINDIR%/Fonts", "%LOCALAPPDATA%/Microsoft/Windows/Fonts"),
    "linux": ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts"),
}
PROBE = 24  # pixels, the size at which letters are compared
NO_LETTER = "\U0010fffd"  # which no font has: what it draws instead is its sign for that


def chosen_font(name: str | None) -> str | None:
    """Return the font file that is named, else that of PYDARKNET_FONT, else None.

    Raises DataError if there is no such file, or if it is no font.
    """
    file = name or os.environ.get(VARIABLE)
    if not file:
        return None
    if not os.path.isfile(file):
        raise DataError("no such font file", where=file)
    if has_pillow():
        open_font(file, PROBE)
    return file


@lru_cache(1)
def has_pillow() -> bool:
    """Return whether Pillow is installed; looking costs as much as writing a label."""
    return find_spec("PIL") is not None


@lru_cache(64)
def open_font(file: str, size: int, joins: bool = True) -> Any:
    """Return Pillow's font of a file, its letters `size` pixels high in all.

    Letters are joined, and lines turned, where Pillow has Raqm and `joins` is set. Raises
    DataError for a file that is none.
    """
    from PIL import ImageFont

    try:
        layout = None if joins else ImageFont.Layout.BASIC
        return ImageFont.truetype(file, size, layout_engine=layout)
    except OSError as error:
        raise DataError(f"cannot be read as a font: {error}", where=file) from None


def folders() -> list[Path]:
    """Return the folders in which this system keeps fonts."""
    named = FOLDERS.get(sys.platform, FOLDERS["linux"])
    return [Path(os.path.expandvars(os.path.expanduser(folder))) for folder in named]


def shipped_font() -> Iterator[str]:
    """Yield the font that matplotlib brings, which has more letters than most."""
    found = find_spec("matplotlib")
    for folder in (found.submodule_search_locations or ()) if found else ():
        file = Path(folder, "mpl-data/fonts/ttf/DejaVuSans.ttf")
        if file.is_file():
            yield str(file)


@lru_cache(1)
def known_fonts() -> tuple[str, ...]:
    """Return the font files of this system, those with plain letters first."""
    files = [file for folder in folders() if folder.is_dir() for file in folder.rglob("*")]
    named = [str(file) for file in files if file.suffix.lower() in ENDINGS]

    def rank(file: str) -> tuple[int, int, str]:
        name = os.path.basename(file).lower()
        return sum(word in name for word in NOT_PLAIN), "sans" not in name, name

    return (*shipped_font(), *sorted(named, key=rank))


@lru_cache(8192)
def has_letter(file: str, letter: str) -> bool:
    """Return whether a font has a letter of its own, and not its sign for a missing one."""
    try:
        font = open_font(file, PROBE, joins=False)  # Raqm puts a circle below a mark alone
        drawn, missing = (font.getmask(text) for text in (letter, NO_LETTER))
    except (DataError, OSError):
        return False
    return bool(letter.isspace() or (drawn.size, bytes(drawn)) != (missing.size, bytes(missing)))


def lacking(file: str, letters: Iterable[str]) -> list[str]:
    """Return the letters that a font lacks."""
    return [letter for letter in letters if not has_letter(file, letter)]


@lru_cache(256)
def font_for(letters: frozenset[str]) -> tuple[str | None, tuple[str, ...]]:
    """Return the first font of this system that has most of these letters, and what it lacks."""
    best: tuple[str | None, Sequence[str]] = (None, sorted(letters))
    for file in known_fonts():
        missing = lacking(file, sorted(letters))
        if len(missing) < len(best[1]):
            best = file, missing
        if not missing:
            break
    return best[0], tuple(best[1])
