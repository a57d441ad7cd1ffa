"""The lines of label files: boxes, and those that are left out, with the kind of their fault."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ..dataset.labels import COMMA, MOST, LabelRules, box, records
from ..dataset.polygons import INTEGER, RECORD, is_number, is_polygon, whole_number
from ..errors import DarknetError
from ..system.text import read_text

# The kinds of faults
COMMAS, POLYGON, WORDS, NUMBERS = "commas", "polygon", "words", "numbers"
CLASS, NAME, CORNER, SIZE = "class", "name", "corner", "size"
PIXELS, OUTSIDE, UNREAD = "pixels", "outside", "unread"
PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a label file: its number, what it says, and its fault, which is "" for a box.

    `row` is class, x, y, width, height; empty where they cannot be read.
    """

    path: str
    number: int = 0
    row: tuple[float, ...] = ()
    fault: str = ""
    text: str = ""

    @property
    def place(self) -> str:
        """The file, and the line where one is meant."""
        return f"{self.path}:{self.number}" if self.number else self.path


def lines_of(path: str, rules: LabelRules) -> Iterator[Line]:
    """Yield the boxes of a label file and the lines that training leaves out."""
    try:
        text = read_text(path, "labels")
    except DarknetError as error:
        yield Line(path, fault=UNREAD, text=error.problem)
        return
    for number, words in records(text):
        try:
            yield Line(path, number, box(words, rules))
        except ValueError as error:
            row = row_of(words)
            yield Line(path, number, row, fault_of(words, row, rules), error.args[0])


def row_of(words: Sequence[str]) -> tuple[float, ...]:
    """Return the numbers of a line of five words; nothing if they are none."""
    if len(words) != RECORD or not all(map(is_number, words)):
        return ()
    return tuple(map(float, words))


def fault_of(words: Sequence[str], row: tuple[float, ...], rules: LabelRules) -> str:
    """Return the kind of a fault."""
    if any(COMMA.fullmatch(word) or "," in word for word in words):
        return COMMAS
    if is_polygon(words):
        return POLYGON
    if not row:
        return faults_of_words(words)
    if max(row[1:]) > MOST:
        return PIXELS
    index = whole_number(words[0])
    if index is None or not 0 <= index < rules.classes:
        return CLASS
    if row[1] == row[2] == 0:
        return CORNER
    return SIZE if min(row[3:]) <= 0 else OUTSIDE


def faults_of_words(words: Sequence[str]) -> str:
    """Return the kind of a fault of a line that is not five numbers."""
    if len(words) != RECORD:
        return WORDS
    named = not INTEGER.fullmatch(words[0]) and not is_number(words[0])
    return NAME if named and all(map(is_number, words[1:])) else NUMBERS


def looks_like_percent(rows: Sequence[tuple[float, ...]]) -> bool:
    """Return whether numbers that are too large are percent rather than pixels."""
    largest = max((max(row[1:]) for row in rows), default=math.inf)
    return largest <= PERCENT
