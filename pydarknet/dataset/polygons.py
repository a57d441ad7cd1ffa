"""Polygons in label files: a class, then x and y of each corner, as programs for segments write."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..system.text import count_of, excerpt

RECORD = 5  # words of a box: class, x, y, width, height
INTEGER = re.compile(r"[+-]?[0-9]{1,9}")
DECIMAL_INTEGER = re.compile(r"[+-]?[0-9]{1,9}\.0*")
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
LARGEST = 2.0**128 - 2.0**103  # the first number that is infinite in float32
HINT = "a polygon; polygons=1 in the .data file takes its bounds"


def whole_number(word: str) -> int | None:
    """Return the whole number that a word is, also as `1.0`; None if it is none."""
    if INTEGER.fullmatch(word) or DECIMAL_INTEGER.fullmatch(word):
        return int(word.partition(".")[0])
    return None


def is_several(words: Sequence[str]) -> bool:
    """Return whether a line has several boxes: each begins with a class, written as the first."""
    if len(words) % RECORD:
        return False
    form = INTEGER if INTEGER.fullmatch(words[0]) else DECIMAL_INTEGER
    return all(form.fullmatch(word) for word in words[::RECORD])


def is_polygon(words: Sequence[str]) -> bool:
    """Return whether a line is a polygon: a class, and three or more pairs of numbers."""
    paired = len(words) > RECORD and len(words) % 2 == 1
    return paired and not is_several(words) and all(map(is_number, words))


def is_number(word: str) -> bool:
    """Return whether a word is a number that is finite in float32, too."""
    return bool(NUMBER.fullmatch(word)) and abs(float(word)) < LARGEST


def problem_of(words: Sequence[str]) -> str:
    """Return what is wrong with a line that is neither boxes nor a polygon; empty if it is one."""
    if is_polygon(words) or is_several(words):
        return ""
    wrong = next((word for word in words if not is_number(word)), "")
    if wrong:
        return f"{excerpt(wrong)}: expected a number"
    expected = "expected class, x, y, width and height, or class and three or more pairs of x and y"
    return f"{count_of(len(words), 'word')}: {expected}"


def bounds(words: Sequence[str]) -> list[str]:
    """Return the words of the box around a polygon: class, centre and size."""
    numbers = [float(word) for word in words[1:]]
    (left, right), (top, bottom) = ((min(s), max(s)) for s in (numbers[::2], numbers[1::2]))
    box = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
    return [words[0], *(f"{number:.9g}" for number in box)]
