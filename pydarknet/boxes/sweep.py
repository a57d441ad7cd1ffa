"""Suppression among many boxes, in which those that lie apart are never compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .box import exceed, outlines

MOST_KEPT = 1 << 25  # neighbours that are remembered, which bounds memory


class Sweep:
    """Boxes float32 [K, 4], sorted from left to right: each finds those that it suppresses.

    Boxes that share no area never suppress each other, since `threshold` is at least 0. `beta` is
    the exponent of DIoU; with None plain IoU decides.
    """

    @np.errstate(all="ignore")
    def __init__(self, boxes: np.ndarray, threshold: float, beta: float | None) -> None:
        assert threshold >= 0
        self.threshold, self.beta = threshold, beta
        _, _, left, top, right, bottom, _ = every = outlines(boxes)
        solid = np.flatnonzero((right > left) & (bottom > top))  # and not NaN
        self.order = solid[left[solid].argsort(kind="stable")]
        self.outlines = np.ascontiguousarray(every[:, self.order])
        self.reach = np.maximum.accumulate(self.outlines[4])  # of all boxes up to this one
        self.places = np.full(len(boxes), -1)
        self.places[self.order] = np.arange(len(self.order))
        self.known: dict[int, np.ndarray] = {}
        self.kept = 0

    def survivors(self, line: Sequence[int]) -> list[bool]:
        """Return which boxes of a line, best first, no earlier survivor suppresses."""
        stay, gone = [], bytearray(len(self.places))
        flags = np.frombuffer(gone, np.uint8)
        for box in line:
            stay.append(not gone[box])
            if not gone[box]:
                flags[self.neighbours(box)] = 1
        return stay

    def neighbours(self, box: int) -> np.ndarray:
        """Return the boxes that one suppresses: int64, remembered for the next line."""
        found = self.known.get(box)
        if found is None:
            found = self.order[self.crowd(self.places[box])]
            self.kept += len(found)
            if self.kept > MOST_KEPT:
                self.known, self.kept = {}, len(found)
            self.known[box] = found
        return found

    def crowd(self, place: int) -> np.ndarray:
        """Return the places of the others that the box at a place overlaps too much."""
        if place < 0:
            return self.places[:0]
        own = self.outlines[:, place]
        first = int(np.searchsorted(self.reach, own[2], "right"))
        last = int(np.searchsorted(self.outlines[2], own[4]))
        over = exceed(own, self.outlines[:, first:last], self.threshold, self.beta)
        over[place - first] = False  # itself
        return first + over.nonzero()[0]
