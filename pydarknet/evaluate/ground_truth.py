"""The ground truth in label files, unchanged: nothing is left out or corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..dataset.bad_list import BAD_FILES, Problem, append
from ..dataset.files import label_file, label_paths
from ..dataset.polygons import (
    HINT,
    RECORD,
    bounds,
    is_number,
    is_polygon,
    is_several,
    problem_of,
    whole_number,
)
from ..errors import DataError
from ..system.console import note, note_once, say
from ..system.problems import UNREADABLE, tell_failure
from ..system.text import excerpt, read_text
from .scanf import groups


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """The true boxes of one image: `classes` int64 [T], `boxes` float32 [T, 4].

    A box is centre x, y, width, height in 0..1 of the image.
    """

    classes: np.ndarray
    boxes: np.ndarray

    def __len__(self) -> int:
        return len(self.classes)

    @staticmethod
    def of(rows: Sequence[Sequence[float]]) -> GroundTruth:
        """Return the ground truth from rows of class, x, y, width, height."""
        table = np.array(rows, np.float64).reshape(-1, 5)
        with np.errstate(over="ignore"):  # a number beyond float32 is infinite
            return GroundTruth(table[:, 0].astype(np.int64), table[:, 1:].astype(np.float32))


def ground_truth_of(image: str, lineage: str, polygons: bool = False) -> GroundTruth:
    """Return the ground truth of an image; warn if it has none, or none that is text.

    With `polygons`, a polygon is its bounds; else it is left out.

    Darknet: src/data.c read_boxes (AlexeyAB)
    """
    path = label_file(image, lineage)
    if path:
        try:
            return read_ground_truth(path, polygons)
        except DataError as error:
            tell_failure(str(error), UNREADABLE)
            return GroundTruth.of([])
    missing = label_paths(image, lineage)[0]
    say(f"Can't open label file. (This can be normal only if you use MSCOCO): {missing} ")
    append([Problem("", BAD_FILES, missing)])
    return GroundTruth.of([])


def read_ground_truth(path: str | Path, polygons: bool = False) -> GroundTruth:
    """Read a label file: groups of class, x, y, width and height, up to the first invalid one.

    Where a line is not such groups, numbers are read on across lines, which is told.

    Darknet: src/data.c read_boxes
    Quirk: RAW_TRUTHS
    """
    text = read_text(path, "labels")
    text = with_bounds(text, str(path)) if polygons else without_polygons(text, str(path))
    text = "\n".join(map(with_whole_classes, text.split("\n")))
    found = list(groups(text, RECORD - 1))
    tell_oddities(text, found[-1][0] if found else 0, str(path))
    return GroundTruth.of([numbers for _, numbers in found])


def tell_oddities(text: str, end: int, path: str) -> None:
    """Tell the first line whose numbers are read in a row, and where reading ended."""
    expected = "expected class x y width height"
    for number, line in enumerate(text.split("\n")[: line_of(text, end)] if end else (), start=1):
        if not is_plain(line):
            note(f"{path}:{number}: {excerpt(line)}: {expected}; its numbers are read in a row")
            break
    rest = text[end:].strip()
    if rest:
        line = rest.split("\n")[0]
        number = line_of(text, text.index(rest, end))
        note(f"{path}:{number}: {excerpt(line)}: {expected}; the rest is not read")


def is_plain(line: str) -> bool:
    """Return whether a line is nothing but boxes, of numbers that are read whole."""
    words = line.split()
    return not words or (is_several(words) and all(map(is_number, words)))


def line_of(text: str, index: int) -> int:
    """Return the number of the line in which a character stands."""
    return text.count("\n", 0, index) + 1


def with_whole_classes(line: str) -> str:
    """Return a line with classes `1.0` as 1, if it is boxes whose classes are all written so."""
    words = line.split()
    if not words or "." not in words[0] or not is_several(words):
        return line
    words[::RECORD] = [str(whole_number(word)) for word in words[::RECORD]]
    return " ".join(words)


def without_polygons(text: str, path: str) -> str:
    """Return label text whose polygons are left out, which is told."""
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if is_polygon(line.split()):
            lines[index] = ""
            note_once(f"{path}:{index + 1}: left out: {HINT}", kind="polygon")
    return "\n".join(lines)


def with_bounds(text: str, path: str) -> str:
    """Return label text with bounds for polygons; a line that is no box either is a problem."""
    lines = text.split("\n")
    for index, line in enumerate(lines):
        words = line.split()
        if problem := problem_of(words) if words else "":
            tell_failure(f"{path}:{index + 1}: left out: {problem}", UNREADABLE)
        if problem or is_polygon(words):
            lines[index] = "" if problem else " ".join(bounds(words))
    return "\n".join(lines)
