"""The boxes in the outputs of an exported file, by its layout; numpy alone.

The layouts are written by export/layouts.py, which says what each output is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from ..boxes.box_arrays import BoxArrays
from ..errors import UsageError

Outputs = Sequence[np.ndarray]
Sides = tuple[int, int]  # width and height of the network's input


def read_merged(outputs: Outputs, size: Sides, classes: int, images: int) -> list[BoxArrays]:
    """Return the boxes of `output0` [N, 4 + classes, K]."""
    tables = outputs[0].transpose(0, 2, 1)
    return [boxes_of(table[:, :4] / scale(size), table[:, 4:]) for table in tables]


def read_rows(outputs: Outputs, size: Sides, classes: int, images: int) -> list[BoxArrays]:
    """Return the boxes of an output per head, [K, 5 + classes] or [N, K, 5 + classes].

    A head that has fewer classes than another gives 0 to the others.
    """
    most = max(out.shape[-1] for out in outputs)
    wide = [np.pad(out, [(0, 0)] * (out.ndim - 1) + [(0, most - out.shape[-1])]) for out in outputs]
    tables = np.concatenate([out[None] if out.ndim == 2 else out for out in wide], 1)
    return [BoxArrays(table[:, :4], table[:, 4], table[:, 5:]) for table in tables]


def read_deepstream(outputs: Outputs, size: Sides, classes: int, images: int) -> list[BoxArrays]:
    """Return the boxes of `output` [N, K, 6], each with its best class alone."""
    return [
        boxes_of(
            from_corners(table[:, :4]) / scale(size), one_class(table[:, 4], table[:, 5], classes)
        )
        for table in outputs[0]
    ]


def read_nms(outputs: Outputs, size: Sides, classes: int, images: int) -> list[BoxArrays]:
    """Return the boxes of `output0` [M, 7], where a row is a box and a class that is left."""
    rows = outputs[0].reshape(-1, 7)  # [0] where nothing was found, from OpenCV
    tables = [rows[rows[:, 0] == image] for image in range(images)]
    return [several_classes(table[:, 1:5], table[:, 5:], size, classes) for table in tables]


def several_classes(corners: np.ndarray, found: np.ndarray, size: Sides, classes: int) -> BoxArrays:
    """Return boxes, given corners [M, 4] and a class and its score [M, 2]; equal ones are one."""
    unique, first, place = np.unique(corners, axis=0, return_index=True, return_inverse=True)
    order = first.argsort()  # as they stand in the file
    scores = np.zeros((len(unique), classes), np.float32)
    scores[order.argsort()[place.reshape(-1)], found[:, 0].astype(int)] = found[:, 1]
    return boxes_of(from_corners(unique[order]) / scale(size), scores)


READERS: Final[dict[str, Callable[[Outputs, Sides, int, int], list[BoxArrays]]]] = {
    "merged": read_merged,
    "rows": read_rows,
    "deepstream": read_deepstream,
    "nms": read_nms,
}
SUPPRESSED: Final = frozenset({"nms"})  # layouts whose boxes need no suppression


def read_boxes(
    layout: str, outputs: Outputs, size: Sides, classes: int, images: int
) -> list[BoxArrays]:
    """Return the boxes of each image in 0..1 of the network's input, with scores.

    `size` is the width and height of the input. Raises UsageError for a layout without boxes.
    """
    if layout not in READERS:
        raise UsageError(f"layout {layout} has no boxes: expected one of {', '.join(READERS)}")
    return READERS[layout](outputs, size, classes, images)


def boxes_of(boxes: np.ndarray, scores: np.ndarray) -> BoxArrays:
    """Return boxes whose best score stands for their objectness, which the file does not have."""
    return BoxArrays(boxes, scores.max(1, initial=0), scores)


def scale(size: Sides) -> np.ndarray:
    """Return the divisor from pixels to 0..1."""
    return np.array([*size, *size], np.float32)


def from_corners(corners: np.ndarray) -> np.ndarray:
    """Return centre x, y, width, height of left, top, right, bottom."""
    low, high = corners[:, :2], corners[:, 2:]
    return np.concatenate(((low + high) / 2, high - low), 1)


def one_class(scores: np.ndarray, kinds: np.ndarray, classes: int) -> np.ndarray:
    """Return scores [K, classes] that are 0 but for one class each."""
    table = np.zeros((len(scores), classes), np.float32)
    table[np.arange(len(scores)), kinds.astype(int)] = scores
    return table
