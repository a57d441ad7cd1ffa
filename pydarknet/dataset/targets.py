"""Ground-truth boxes in 0..1 of the network's input, in the form that heads read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .c_float import F
from .labels import Labels

UNPLACED = 999999.0  # every coordinate of a label that only names a class


@dataclass(frozen=True)
class View:
    """Where an image lies in the input: an edge moves to edge * scale - shift.

    With `flip`, the input is then mirrored.
    """

    scale: tuple[float, float]
    shift: tuple[float, float]
    flip: bool = False


def boxes_in_view(boxes: np.ndarray, view: View) -> np.ndarray:
    """Convert boxes [n, 4] from 0..1 of the image to 0..1 of the input, and clip them.

    A box is its centre and size.

    Darknet: src/data.c correct_boxes
    """
    centre, half = boxes[:, :2], boxes[:, 2:] / 2
    scale, shift = np.array(view.scale, F), np.array(view.shift, F)
    first, last = ((edge * scale - shift) for edge in (centre - half, centre + half))
    if view.flip:
        first[:, 0], last[:, 0] = 1 - last[:, 0], 1 - first[:, 0]
    first, last = first.clip(0, 1), last.clip(0, 1)
    found = np.concatenate([(first + last) / 2, last - first], 1)
    found[(centre == 0).all(1)] = UNPLACED
    return found


@dataclass(frozen=True)
class Rows:
    """Truth as at most `most` rows of x, y, width, height, class and, in the fork, track.

    `least` is the smallest side that counts; if None, it is a pixel of the input.

    Darknet: src/data.c fill_truth_detection
    """

    most: int
    values: int
    least: float | None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of an image's truth."""
        return self.most, self.values

    def of(
        self, labels: Labels, view: View, order: np.ndarray, size: tuple[int, int]
    ) -> np.ndarray:
        """Return rows [n, values] of the first `most` boxes in this order, without the small ones.

        Darknet: src/data.c fill_truth_detection
        """
        order = order[: self.most]
        boxes = boxes_in_view(labels.boxes[order], view)
        others = np.stack([labels.classes[order], labels.tracks[order]], 1)
        rows = np.concatenate([boxes, others.astype(F)], 1)[:, : self.values]
        return rows[large(boxes, self.least, size)]

    def to_shape(self, rows: np.ndarray) -> np.ndarray:
        """Return rows padded with zeros to `shape`."""
        truth = np.zeros(self.shape, F)
        truth[: len(rows)] = rows[: self.most]
        return truth

    def boxes_of(self, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the classes, int64 [n], and the boxes [n, 4] of an image's truth."""
        rows = truth[(truth[:, 2] > 0) & (truth[:, 0] < UNPLACED)]
        return rows[:, 4].astype(np.int64), rows[:, :4]


@dataclass(frozen=True)
class Grid:
    """Truth as cells x cells: objectness, a number per class, place in the cell, width, height.

    Darknet: src/data.c fill_truth_region
    """

    cells: int
    classes: int
    least: float

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of an image's truth."""
        return (self.cells**2 * (1 + self.classes + 4),)

    def of(
        self, labels: Labels, view: View, order: np.ndarray, size: tuple[int, int]
    ) -> np.ndarray:
        """Return the cells; of several boxes with their centre in one cell, the first counts.

        Darknet: src/data.c fill_truth_region
        """
        truth = np.zeros((self.cells, self.cells, 1 + self.classes + 4), F)
        boxes = boxes_in_view(labels.boxes[order], view)
        kept = large(boxes, self.least, size)
        for place, index in zip(boxes[kept], labels.classes[order][kept], strict=True):
            spot = place[:2] * F(self.cells)
            column, row = np.minimum(spot.astype(np.int64), self.cells - 1)
            if not truth[row, column, 0]:
                truth[row, column, [0, 1 + index]] = 1
                truth[row, column, -4:] = (*(spot - (column, row)), *place[2:])
        return truth.reshape(-1)

    def to_shape(self, rows: np.ndarray) -> np.ndarray:
        """Return the cells as they are."""
        return rows

    def boxes_of(self, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the classes, int64 [n], and the boxes [n, 4] of an image's truth."""
        cells = truth.reshape(self.cells, self.cells, -1)
        row, column = np.nonzero(cells[..., 0])
        values = cells[row, column]  # [n, 1 + classes + 4]
        places = (np.stack([column, row], 1) + values[:, -4:-2]) / self.cells
        return values[:, 1:-4].argmax(1), np.concatenate([places, values[:, -2:]], 1)


def large(boxes: np.ndarray, least: float | None, size: tuple[int, int]) -> np.ndarray:
    """Return which boxes [n, 4] have sides of at least `least`; if None, of an input's pixel."""
    smallest = np.full(2, least, F) if least is not None else 1 / np.array(size, F)
    kept: np.ndarray = np.all(boxes[:, 2:] >= smallest, axis=1)
    return kept
