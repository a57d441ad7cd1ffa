"""The ground truth in label files, unchanged: nothing is left out or corrected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..dataset.bad_list import BAD_FILES, Problem, append
from ..dataset.files import label_file, label_paths
from ..dataset.polygons import HINT, bounds, is_polygon, problem_of
from ..errors import DataError
from ..system.console import note, note_once, say
from ..system.problems import UNREADABLE, tell_failure
from ..system.text import excerpt, read_text

FLOAT = r"([+-]?(?:\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|nan|inf(?:inity)?))"
CLASS = r"([+-]?\d+)(?:\.0*)?"
DIGITS = 9  # that a class has at most, as in training
GROUP = re.compile(rf"\s*{CLASS}" + rf"\s+{FLOAT}" * 4, re.IGNORECASE)


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
    def of(rows: list[tuple[float, ...]]) -> GroundTruth:
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

    A group whose class is no number that a class has is left out, which is told.

    Darknet: src/data.c read_boxes
    Quirk: RAW_TRUTHS
    """
    text = read_text(path, "labels")
    text = with_bounds(text, str(path)) if polygons else without_polygons(text, str(path))
    rows: list[tuple[float, ...]] = []
    line, counted, end = 1, 0, 0
    while match := GROUP.match(text, end):
        if len(match[1].lstrip("+-0")) > DIGITS:
            line, counted = line + text.count("\n", counted, match.start(1)), match.start(1)
            what = f"class {excerpt(match[1])}: expected at most {DIGITS} digits"
            note(f"{path}:{line}: left out: {what}")
        else:
            rows.append(tuple(float(number) for number in match.groups()))
        end = match.end()
    rest = text[end:].strip()
    if rest:
        line = line_of(text, text.index(rest, end))
        shown = excerpt(rest.split("\n")[0])
        note(f"{path}:{line}: {shown}: expected class x y width height; the rest is not read")
    return GroundTruth.of(rows)


def line_of(text: str, index: int) -> int:
    """Return the number of the line in which a character stands."""
    return text.count("\n", 0, index) + 1


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
