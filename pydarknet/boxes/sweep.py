"""Suppression among many boxes, in which those that lie apart are never compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MOST_KEPT = 1 << 25  # neighbours that are remembered, which bounds memory


class Sweep:
    """Boxes float32 [K, 4], sorted from left to right: each finds those that it suppresses.

    Boxes that share no area never suppress each other, since `threshold` is at least 0. The
    numbers are those of box.py, computed in the same order. `beta` is the exponent of DIoU; with
    None plain IoU decides.
    """

    @np.errstate(all="ignore")
    def __init__(self, boxes: np.ndarray, threshold: float, beta: float | None) -> None:
        assert threshold >= 0
        self.threshold, self.beta = np.float32(threshold), beta
        center, half = boxes[:, :2], boxes[:, 2:] / 2
        edges = np.concatenate((center - half, center + half), 1).T
        solid = np.flatnonzero((edges[2] > edges[0]) & (edges[3] > edges[1]))  # and not NaN
        self.order = solid[edges[0, solid].argsort(kind="stable")]
        self.edges = np.ascontiguousarray(edges[:, self.order])
        self.reach = np.maximum.accumulate(self.edges[2])  # of all boxes up to this one
        self.boxes = np.ascontiguousarray(boxes[self.order].T)
        self.areas = self.boxes[2] * self.boxes[3]
        self.places = np.full(len(boxes), -1)
        self.places[self.order] = np.arange(len(self.order))
        self.known: dict[int, np.ndarray] = {}
        self.kept = 0

    @np.errstate(all="ignore")
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
        left, right = self.edges[0, place], self.edges[2, place]
        first = int(np.searchsorted(self.reach, left, "right"))
        near = slice(first, int(np.searchsorted(self.edges[0], right)))
        measure = self.iou(place, near)
        measure[place - first] = 0  # itself
        over = np.flatnonzero(measure > self.threshold)
        if self.beta is None or not len(over):
            return over + first
        penalty = self.penalty(place, over + first)
        return first + over[measure[over] - penalty > self.threshold]

    def iou(self, place: int, near: slice) -> np.ndarray:
        """Return the IoU of the box at a place and those of a slice of places.

        Darknet: src/box.c box_iou
        """
        left, top, right, bottom = self.edges[:, place]
        lefts, tops, rights, bottoms = self.edges[:, near]
        across = np.minimum(rights, right)
        across -= np.maximum(lefts, left)
        down = np.minimum(bottoms, bottom)
        down -= np.maximum(tops, top)
        shared = np.maximum(across, 0, out=across)
        shared *= np.maximum(down, 0, out=down)
        union = self.areas[near] + self.areas[place]
        union -= shared
        shared /= union
        shared[union == 0] = 0
        return shared

    def penalty(self, place: int, others: np.ndarray) -> np.ndarray:
        """Return (d^2 / c^2) ^ beta of the box at a place and each of others, as box.diou.

        Darknet: src/box.c box_diou, box_diounms
        """
        x, y = self.boxes[0], self.boxes[1]
        left, top, right, bottom = self.edges
        across = np.maximum(right[others], right[place]) - np.minimum(left[others], left[place])
        down = np.maximum(bottom[others], bottom[place]) - np.minimum(top[others], top[place])
        apart = (x[others] - x[place]) ** 2 + (y[others] - y[place]) ** 2
        ratio = apart / (across**2 + down**2)
        return (np.nan_to_num(ratio, nan=0.0).astype(np.float64) ** self.beta).astype(np.float32)
