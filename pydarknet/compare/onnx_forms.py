"""What the outputs of an ONNX file mean, known by their sizes and numbers; numpy alone.

The forms are ours, ultralytics', OpenCV 4's, Tianxiaomo's and DeepStream-Yolo's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from ..errors import DataError
from ..runtime.layouts import from_corners, one_class

IN_PIXELS = 2.0  # above which coordinates are pixels, not shares of the input
CLOSE = 1e-6  # by which a score may exceed the objectness that it contains

SUPPRESSED = "boxes after suppression"

Outputs = dict[str, np.ndarray]


@dataclass(frozen=True)
class Table:
    """The boxes of one image in an ONNX file's outputs, and the form that was recognised.

    `boxes` [K, 4] are centre x, y, width, height in 0..1 of the network's input, `scores`
    [K, classes] contain the objectness. `best` says that a box has its best class alone.
    """

    form: str
    boxes: np.ndarray
    scores: np.ndarray
    best: bool = False


@dataclass(frozen=True)
class Expected:
    """What a file's outputs are read by: the input's sides in pixels, and the classes."""

    width: int
    height: int
    classes: int

    def relative(self, boxes: np.ndarray, columns: int = 2) -> np.ndarray:
        """Return boxes in 0..1 of the input, which may be in pixels: their first columns tell."""
        if np.nanmax(np.abs(boxes[:, :columns]), initial=0) <= IN_PIXELS:
            return boxes
        return boxes / np.array([self.width, self.height] * 2, boxes.dtype)


def read_boxes(outputs: Outputs, given: Expected, layout: str = "") -> Table:
    """Return the boxes in the outputs of a file for one image.

    `layout` is the name of one of our layouts, if the file says one. Raises DataError, which names
    the sizes, if the outputs have none of the known forms.
    """
    arrays = [without_batch(array) for array in outputs.values()]
    for read in [OURS[layout]] if layout in OURS else READERS:
        table = read(arrays, given)
        if table is not None:
            return table
    sizes = ", ".join(f"{name} {list(array.shape)}" for name, array in outputs.items())
    c = given.classes
    raise DataError(
        f"its outputs are {sizes}: expected boxes of {c} classes, as [{4 + c}, K], [K, {5 + c}],"
        f" [K, 6], or [K, 4] and [K, {c}]"
    )


def without_batch(array: np.ndarray) -> np.ndarray:
    """Return the first image's part of an output, as float32."""
    first = array[0] if array.ndim > 2 else array
    return np.asarray(first, np.float32)


def read_pair(arrays: Sequence[np.ndarray], given: Expected) -> Table | None:
    """Return the boxes of two outputs: edges [K, 1, 4] or [K, 4], and scores [K, classes].

    It is the form of Tianxiaomo's exporter, of darknet2any and of hank-ai's.
    """
    for boxes, scores in permutations(arrays, 2):
        edges, table = (array.reshape(len(array), -1) for array in (boxes, scores))
        if scores.ndim != 2 or edges.shape != (len(table), 4) or table.shape[1] != given.classes:
            continue
        edges = given.relative(edges)
        is_corners = bool((edges[:, 2:] >= edges[:, :2]).all())
        return Table(
            "boxes and scores in two outputs", from_corners(edges) if is_corners else edges, table
        )
    return None


def read_suppressed(arrays: Sequence[np.ndarray], given: Expected) -> Table | None:
    """Return the boxes of an output [K, 7]: image, edges, class, score, after suppression."""
    for table in tables_of(arrays, 7):
        if are_classes(table[:, 5], given) and not table[:, 0].any():
            boxes = from_corners(given.relative(table[:, 1:5], 4))
            return Table(SUPPRESSED, boxes, one_class(table[:, 6], table[:, 5], given.classes))
    return None


def read_best(arrays: Sequence[np.ndarray], given: Expected) -> Table | None:
    """Return the boxes of an output [K, 6]: edges, score, class, the best of each box."""
    for table in tables_of(arrays, 6):
        if are_classes(table[:, 5], given):
            scores = one_class(table[:, 4], table[:, 5], given.classes)
            boxes = from_corners(given.relative(table[:, :4]))
            return Table("boxes with their best class", boxes, scores, best=True)
    return None


def are_classes(column: np.ndarray, given: Expected) -> bool:
    """Return whether numbers are those of classes."""
    return bool(((column == np.floor(column)) & (column >= 0) & (column < given.classes)).all())


def read_rows(arrays: Sequence[np.ndarray], given: Expected) -> Table | None:
    """Return the boxes of all outputs [K, 5 + classes]: box, objectness, classes.

    It is OpenCV 4's form, which has scores where YOLOv5's has classes without the objectness.
    """
    tables = tables_of(arrays, 5 + given.classes)
    if not tables:
        return None
    rows = np.concatenate(tables)
    objectness, scores = rows[:, 4:5], rows[:, 5:]
    if (scores <= objectness + CLOSE).all():
        return Table("rows of scores", given.relative(rows[:, :4]), scores)
    return Table("rows with objectness", given.relative(rows[:, :4]), scores * objectness)


def read_merged(arrays: Sequence[np.ndarray], given: Expected) -> Table | None:
    """Return the boxes of all outputs [4 + classes, K] or [K, 4 + classes], as ultralytics has."""
    tables = tables_of(arrays, 4 + given.classes)
    if not tables:
        return None
    table = np.concatenate(tables)
    return Table("boxes with scores", given.relative(table[:, :4]), table[:, 4:])


def tables_of(arrays: Sequence[np.ndarray], width: int) -> list[np.ndarray]:
    """Return the tables with as many columns, which may stand as their rows."""
    flat = [array for array in arrays if array.ndim == 2 and width in array.shape]
    return [array if array.shape[1] == width else array.T for array in flat]


READERS = (read_pair, read_suppressed, read_best, read_rows, read_merged)
OURS = {
    "merged": read_merged,
    "rows": read_rows,
    "deepstream": read_best,
    "nms": read_suppressed,
}
