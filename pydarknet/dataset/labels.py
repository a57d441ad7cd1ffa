"""Label files: a line per box, with its class and its place in 0..1 of the image."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..errors import DarknetError, DataError
from ..system.text import count_of, excerpt, read_text
from .bad_list import BAD_FILES, BAD_LABELS, Problem
from .files import label_file, label_paths
from .polygons import (
    HINT,
    INTEGER,
    RECORD,
    bounds,
    is_number,
    is_polygon,
    is_several,
    problem_of,
    whole_number,
)

COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+")
TRACKS = 4000
MOST = 10  # of the image: a box that is further away or larger is in pixels
UNLABELLED = "images without a label file"
UNREAD = "label files that cannot be read"
LEFT_OUT = "lines of labels left out"


@dataclass(frozen=True)
class LabelRules:
    """How to find labels, and which of them are valid.

    With `unplaced`, a label with x and y 0 is valid: it names a class of the whole image. With
    `polygons`, a polygon is its bounds.
    """

    lineage: str
    classes: int
    unplaced: bool = False
    polygons: bool = False


@dataclass(frozen=True)
class Labels:
    """The valid boxes of an image, and the problems of the others.

    `classes` int64 [n]; `boxes` float32 [n, 4], centre and size; `tracks` int64 [n].
    """

    classes: np.ndarray
    boxes: np.ndarray
    tracks: np.ndarray
    problems: tuple[Problem, ...]


@lru_cache(maxsize=1 << 16)
def labels_of(image: str, rules: LabelRules) -> Labels:
    """Read the labels of an image; if there is no label file, return no boxes and one problem.

    Darknet: src/data.c read_boxes
    Quirk: MISSING_LABELS
    """
    path = label_file(image, rules.lineage)
    if path:
        return read_labels(path, rules)
    missing = label_paths(image, rules.lineage)[0]
    message = f"{missing}: no label file: the image counts as one without boxes"
    return labels_from_rows([], [Problem(message, BAD_FILES, missing, counted=UNLABELLED)])


def read_labels(path: str, rules: LabelRules) -> Labels:
    """Read a label file; leave out invalid boxes, and report them with their line.

    Darknet: src/data.c read_boxes, fill_truth_detection
    Quirk: BAD_LABELS
    Quirk: LABEL_LINES
    """
    boxes: list[tuple[float, ...]] = []
    problems: list[Problem] = []
    try:
        text = read_text(path, "labels")
    except DarknetError as error:
        return labels_from_rows([], [Problem(str(error), BAD_FILES, path, counted=UNREAD)])
    first = track(path)
    for index, (line, words) in enumerate(records(text)):
        try:
            boxes.append((*box(words, rules), first + index))
        except ValueError as error:
            what, fork = error.args
            entry = f"{path} Wrong annotation: {fork or what}"
            problem = Problem(f"{path}:{line}: {what}", BAD_LABELS, entry, counted=LEFT_OUT)
            problems.append(problem)
            continue
        if not INTEGER.fullmatch(words[0]):
            told = f"{path}:{line}: class {words[0]} is read as {boxes[-1][0]}"
            problems.append(Problem(told, kind="class with a point"))
    return labels_from_rows(boxes, problems)


def labels_from_rows(boxes: list[tuple[float, ...]], problems: list[Problem]) -> Labels:
    """Return labels, given rows of class, x, y, width, height and track."""
    table = np.array(boxes, np.float64).reshape(-1, RECORD + 1)
    return Labels(
        table[:, 0].astype(np.int64),
        table[:, 1:5].astype(np.float32),
        table[:, 5].astype(np.int64),
        tuple(problems),
    )


def records(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the line number and the words of each record.

    A line has several records if each begins with a whole number; else it is one.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.split()
        step = RECORD if is_several(words or "x") else max(len(words), 1)
        for start in range(0, len(words), step):
            yield number, words[start : start + step]


def box(words: Sequence[str], rules: LabelRules) -> tuple[float, ...]:
    """Return class, x, y, width, height; a ValueError has our message and the fork's.

    Darknet: src/data.c correct_boxes, fill_truth_detection (AlexeyAB)
    """
    if rules.polygons and is_polygon(words):
        words = bounds(words)
    if len(words) != RECORD:
        polygon = f" ({HINT})" if is_polygon(words) else ""
        problem = f"{count_of(len(words), 'word')}{polygon}: expected class, x, y, width and height"
        problem = problem_of(words) if rules.polygons else problem
        raise ValueError(comma_hint(words) or problem, "")
    index, last = whole_number(words[0]), rules.classes - 1
    if index is None:
        problem = f"class {excerpt(words[0])}: expected a whole number, 0 to {last}"
        raise ValueError(comma_hint(words) or problem, "")
    for word in words[1:]:
        if not is_number(word):
            raise ValueError(comma_hint(words) or f"{excerpt(word)}: expected a number", "")
    if not 0 <= index <= last:
        fork = f"class_id = {index}. But class_id should be [from 0 to {last}]"
        raise ValueError(f"class {index}: expected 0 to {last}", fork)
    x, y, width, height = (float(word) for word in words[1:])
    check_place(x, y, width, height, rules)
    return index, x, y, width, height


def comma_hint(words: Sequence[str]) -> str:
    """Return how to mend numbers with commas, or words that commas separate; empty without any."""
    number = next((word for word in words if COMMA.fullmatch(word)), "")
    if number and len(words) == RECORD:
        return f"{excerpt(number)}: expected {number.replace(',', '.')}, with a point"
    if any("," in word for word in words):
        return f"{excerpt(' '.join(words))}: expected blanks between numbers, and points in them"
    return ""


def check_usable(paths: Sequence[str], rules: LabelRules) -> None:
    """Raise DataError if no image of a training has a valid box; without any image, do not.

    Reads label files up to the first valid box.
    """
    labels_of.cache_clear()  # files may have changed since an earlier run
    if any(os.path.isfile(path) and len(labels_of(path, rules).boxes) for path in paths):
        return
    there = [path for path in paths if os.path.isfile(path)]
    if there:
        problems = labels_of(there[0], rules).problems
        why = problems[0].text if problems else "its label file is empty"
        images = count_of(len(there), "image")
        raise DataError(f"no box to train on in {images}; {there[0]}: {why}")


def check_place(x: float, y: float, width: float, height: float, rules: LabelRules) -> None:
    """Raise ValueError for a box without a size, without a place, or outside the image."""
    fork = "x = 0 or y = 0"
    if x == 0 and y == 0:
        if rules.unplaced:
            return
        raise ValueError("x = 0 and y = 0: expected the centre of a box", fork)
    if width <= 0 or height <= 0:
        raise ValueError(f"{width:g} x {height:g}: expected a size above 0", "")
    if x + width / 2 < 0 or y + height / 2 < 0 or x - width / 2 > 1 or y - height / 2 > 1:
        pixels = ", not pixels" if max(x, y, width, height) > MOST else ""
        raise ValueError(f"the box is outside of the image: expected it within 0..1{pixels}", fork)


def track(path: str) -> int:
    """Return the number of a label file's first track: as in the fork, a hash of its path.

    Darknet: src/utils.c custom_hash (AlexeyAB)
    """
    value = 5381
    for byte in os.fsencode(path):
        value = (value * 33 + byte - 256 * (byte > 127)) % 2**64
    return value % TRACKS * TRACKS
