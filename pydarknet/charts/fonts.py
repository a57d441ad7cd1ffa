"""The fonts that have the letters of names in any script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..system.console import note_once
from ..system.text import printable
from .library import load_matplotlib, silent

if TYPE_CHECKING:
    from matplotlib.font_manager import FontEntry

LATIN: Final = ("DejaVu Sans",)  # which comes with matplotlib
MOST_FONTS: Final = 400  # that are looked at
LIKELY: Final = ("Noto Sans", "Noto", "Droid", "WenQuanYi", "Lohit", "Arial Unicode", "Sans")
HINT: Final = "a font such as Noto Sans (Debian: fonts-noto-core, fonts-noto-cjk) has them"
UNFIT: Final = re.compile("(?i)emoji|last resort")  # the latter has boxes for letters
EMPTY: Final = "\u25a1"  # what stands for a letter that no font has
KNOWN: dict[frozenset[str], Lettering] = {}


@dataclass(frozen=True)
class Lettering:
    """The fonts that names are drawn with, and the letters that none of them has."""

    families: tuple[str, ...] = LATIN
    missing: frozenset[str] = frozenset()

    def text(self, words: str) -> str:
        """Return what can be drawn of a text; a box stands for each other letter."""
        return "".join(EMPTY if one in self.missing else one for one in printable(words))


def lettering_of(texts: Iterable[str]) -> Lettering:
    """Return the fonts that together have the letters of texts, in matplotlib's order of search.

    A note says once which letters no installed font has.
    """
    load_matplotlib()
    letters = frozenset("".join(map(printable, texts))) - frozenset(map(chr, range(0x180)))
    with silent():
        if letters not in KNOWN:
            KNOWN[letters] = lettering(letters)
    missing = "".join(sorted(KNOWN[letters].missing)[:12])
    if missing:
        note_once(
            f"no installed font has the letters {missing}: charts show boxes; {HINT}", "fonts"
        )
    return KNOWN[letters]


def lettering(letters: frozenset[str]) -> Lettering:
    """Return the fonts of letters: matplotlib's own, and further ones as far as they are needed."""
    from matplotlib.font_manager import findfont

    families, missing = [*LATIN], {ord(letter) for letter in letters}
    missing -= letters_of(findfont(LATIN[0])) if missing else set()
    for family, path in installed_fonts() if missing else ():
        found = missing & letters_of(path)
        if found:
            families.append(family)
            missing -= found
        if not missing:
            break
    return Lettering(tuple(families), frozenset(map(chr, missing)))


def installed_fonts() -> Iterator[tuple[str, str]]:
    """Yield family and file of the upright fonts of this machine, those with many scripts first.

    matplotlib's list of them may be older than some; these come last.
    """
    from matplotlib.font_manager import findSystemFonts, fontManager

    def order(entry: tuple[str, str]) -> tuple[int, str]:
        places = (i for i, word in enumerate(LIKELY) if entry[0].startswith(word))
        return next(places, len(LIKELY)), entry[0]

    yield from sorted(families(fontManager.ttflist), key=order)[:MOST_FONTS]
    known = {font.fname for font in fontManager.ttflist}
    for path in sorted(set(findSystemFonts()) - known)[:MOST_FONTS]:
        count = len(fontManager.ttflist)
        try:
            fontManager.addfont(path)
        except (OSError, RuntimeError, ValueError):
            continue
        yield from families(fontManager.ttflist[count:])


def families(fonts: Iterable[FontEntry]) -> list[tuple[str, str]]:
    """Return family and file of the fonts that names can be drawn with, one a family."""
    upright = (font for font in fonts if font.style == "normal" and not UNFIT.search(font.name))
    return [*{font.name: font.fname for font in upright}.items()]


def letters_of(path: str) -> set[int]:
    """Return the letters of a font's file; none if it cannot be read."""
    from matplotlib.ft2font import FT2Font

    try:
        return set(FT2Font(path).get_charmap())
    except (OSError, RuntimeError):
        return set()
