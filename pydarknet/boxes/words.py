"""Words as masks: how much of each pixel the letters of a label cover.

OpenCV 5 writes Latin, Greek, Cyrillic, Chinese, Japanese and Korean letters one after the other.
What must be joined or turned, and what OpenCV lacks, is written by Pillow where it is installed,
with a font of this system, as all is before OpenCV 5.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

import cv2
import numpy as np

from ..errors import DataError
from ..system.console import note_once
from ..system.paths import is_utf8
from ..system.text import printable
from .fonts import chosen_font, font_for, has_pillow, lacking, open_font
from .letters import LettersThread

FONT = cv2.FONT_HERSHEY_SIMPLEX
MODERN = hasattr(cv2, "FontFace")  # OpenCV 5; before it, its letters are those of ASCII
CAPITAL = 22  # height of a capital letter at scale 1 of FONT
SIZE = 1.34  # of a font, beside the height of its capital letters; DejaVu's is 1.37
WEIGHT = 500  # of OpenCV 5's letters, 400 is regular
SMALLEST, LARGEST = 6, 80  # of a capital letter, in pixels
MOST = 2000  # words that are kept
# What OpenCV 5 has and draws as it should: one letter after the other
PLAIN = re.compile(
    "[ -~\u00a0-\u02ff\u0370-\u0482\u048a-\u052f\u1e00-\u1fff\u2010-\u2027\u2030-\u203a"
    "\u20a0-\u20bf\u2116\u2122\u3000-\u30ff\u3130-\u318e\u4e00-\u9fff\uac00-\ud7a3\uff01-\uffee]*"
)


class Word(NamedTuple):
    """The letters of a text, uint8 [h, w], and the row that stands on their base line."""

    mask: np.ndarray
    base: int


class Faces(threading.local):
    """OpenCV's fonts, of which each thread needs its own."""

    def __init__(self) -> None:
        self.opened: dict[str, cv2.FontFace] = {}

    def face(self, file: str) -> cv2.FontFace:
        """Return the font of a file, or of one of OpenCV's own names."""
        if file not in self.opened:
            face = cv2.FontFace()
            if not is_utf8(file) or not face.set(file):
                raise DataError("cannot be read as a font", where=file)
            self.opened[file] = face
        return self.opened[file]


FACES: Final = Faces()
KEPT: Final[dict[tuple[str, int, int, str | None], np.ndarray]] = {}


def labels(texts: list[str], letters: int, width: int, font: str | None = None) -> list[np.ndarray]:
    """Return the mask of each label with the margin around it, uint8 [h, w], no wider than `width`.

    Capital letters are `letters` pixels high, less where a text would not fit, which is then cut at
    its end. Words that were written before are kept, so that any thread has them at once; others
    are written by the thread that has the letters. Raises DataError for a `font` that is none.
    """
    font = chosen_font(font)
    keys = [(text, letters, width, font) for text in texts]
    known = {key: KEPT.get(key) for key in keys}  # another thread may clear what is kept
    missing = [key for key, mask in known.items() if mask is None]
    made = (
        dict(zip(missing, LETTERS.do(partial(write_all, missing)), strict=True)) if missing else {}
    )
    if len(KEPT) + len(made) > MOST:
        KEPT.clear()
    KEPT.update(made)
    masks = known | made
    return [mask for key in keys if (mask := masks[key]) is not None]


def write_all(keys: list[tuple[str, int, int, str | None]]) -> list[np.ndarray]:
    """Return the masks of several labels."""
    return [label(*key) for key in keys]


def label(text: str, letters: int, width: int, font: str | None) -> np.ndarray:
    """Return the mask of a label, shrunk, then cut at its end, until it fits."""
    text = unicodedata.normalize("NFC", printable(text[: width + 1]))  # no letter is under a pixel
    letters = min(max(letters, SMALLEST), LARGEST)
    mask = with_margin(write(text, letters, font), letters)
    while mask.shape[1] > width and letters > SMALLEST:
        letters = max(SMALLEST, min(letters - 1, letters * width // mask.shape[1]))
        mask = with_margin(write(text, letters, font), letters)
    if mask.shape[1] <= width:
        return mask

    def shorter(count: int) -> np.ndarray:
        return with_margin(write(f"{text[:count]}..", letters, font), letters)

    counts = range(1, len(text))
    most = bisect_left(counts, True, key=lambda count: shorter(count).shape[1] > width)
    return shorter(most)[:, :width]


def with_margin(word: Word, letters: int) -> np.ndarray:
    """Return the mask of a word on its background: as high as others of its size, or higher."""
    above, below, pad, aside = (max(round(letters * part), 2) for part in (1.08, 0.34, 0.13, 0.38))
    top, bottom = max(above, word.base), max(below, len(word.mask) - word.base)
    mask = np.zeros((top + bottom + 2 * pad, word.mask.shape[1] + 2 * aside), np.uint8)
    first = pad + top - word.base
    mask[first : first + len(word.mask), aside : aside + word.mask.shape[1]] = word.mask
    return mask


def write(text: str, letters: int, font: str | None) -> Word:
    """Write a text by whatever can: the chosen font, OpenCV, or a font that has its letters."""
    pillow, plain = has_pillow(), PLAIN.fullmatch(text) is not None
    if font and pillow and not lacking(font, frozenset(text)):
        return by_pillow(text, letters, font)
    if MODERN and plain and (pillow or not font):
        return by_opencv(text, letters, "sans")
    file, missing = font_for(hard_letters(text)) if pillow else (None, ())
    if file:
        return by_pillow(without(text, missing), letters, file)
    if not MODERN:
        return by_hershey(
            without(text, [letter for letter in text if not letter.isascii()]), letters
        )
    if not plain:
        tell(next(letter for letter in text if not PLAIN.fullmatch(letter)))
    return by_opencv(text, letters, font or "sans")  # which draws ? for what it lacks


def hard_letters(text: str) -> frozenset[str]:
    """Return what a font must have to write a text; almost all have what ASCII has."""
    return frozenset("a0:").union(letter for letter in text if not letter.isascii())


def without(text: str, missing: Sequence[str]) -> str:
    """Return a text with `?` for each letter that is missing, which is told once a script."""
    for letter in missing:
        tell(letter)
    return "".join("?" if letter in missing else letter for letter in text)


def tell(letter: str) -> None:
    """Tell once that the letters of a script cannot be drawn, and what helps."""
    name = unicodedata.name(letter, "UNKNOWN")
    kind = name.split()[0] if unicodedata.category(letter)[0] in "LM" else "SYMBOL"
    help = "-font FILE or PYDARKNET_FONT names one" if has_pillow() else "pip install pillow"
    note_once(f"labels: no font for {name} and its kind is found: {help}", f"font {kind}")


def drawable(text: str) -> str:
    """Return what this OpenCV can write of a text; its letters crash on bytes that are no text."""
    shown = printable(text)
    return shown if MODERN else shown.encode("ascii", "replace").decode()


def by_opencv(text: str, letters: int, file: str) -> Word:
    """Write a text by OpenCV 5, with one of its own fonts or that of a file."""
    face, size = FACES.face(file), round(letters * SIZE)
    across = cv2.getTextSize((0, 0), text, (0, 0), face, size, WEIGHT)[2]
    canvas = np.zeros((3 * size, across + 2 * size), np.uint8)
    cv2.putText(canvas, text, (size, 2 * size), 255, face, size, WEIGHT)
    return trim(canvas, 2 * size)


def by_hershey(text: str, letters: int) -> Word:
    """Write a text of ASCII by the letters that OpenCV 4 has."""
    scale, thickness = letters / CAPITAL, max(round(letters / 12), 1)
    (across, _), _ = cv2.getTextSize(text, FONT, scale, thickness)
    canvas = np.zeros((4 * letters, across + 4 * letters), np.uint8)
    cv2.putText(canvas, text, (letters, 2 * letters), FONT, scale, 255, thickness, cv2.LINE_AA)
    return trim(canvas, 2 * letters)


def by_pillow(text: str, letters: int, file: str) -> Word:
    """Write a text by Pillow, which joins letters and turns lines where it has Raqm."""
    from PIL import Image, ImageDraw

    font = open_font(file, round(letters * SIZE))
    left, top, right, bottom = map(int, font.getbbox(text, anchor="ls"))
    image = Image.new("L", (right - left + 4, bottom - top + 4))
    ImageDraw.Draw(image).text((2 - left, 2 - top), text, fill=255, font=font, anchor="ls")
    return trim(np.array(image), 2 - top)


def trim(canvas: np.ndarray, base: int) -> Word:
    """Return the part of a canvas that has ink; a text without ink has none."""
    rows, columns = np.flatnonzero(canvas.any(1)), np.flatnonzero(canvas.any(0))
    if not len(rows):
        return Word(np.zeros((0, 0), np.uint8), 0)
    part = canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Word(np.ascontiguousarray(part), base - int(rows[0]))


def load_letters() -> None:
    """Let the letters be read, which else happens for the first label."""
    write("x", SMALLEST, None)


LETTERS: Final = LettersThread(load_letters)
