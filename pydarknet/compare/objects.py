"""What two programs found in one image, pair by pair; this file needs no torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..boxes.box_arrays import BoxArrays

LEAST_OVERLAP = 0.5  # from which on two boxes are the same object, found at other places


@dataclass(frozen=True)
class Allowed:
    """The differences up to which two programs are equal: of a score, and of an edge in 0..1."""

    score: float
    edge: float


@dataclass(frozen=True)
class Objects:
    """What one program found in an image: a row for each box and each class it may be.

    `classes` are int64 [R], `scores` [R] in 0..1, `edges` [R, 4] left, top, right and bottom in
    0..1 of the image.
    """

    classes: np.ndarray
    scores: np.ndarray
    edges: np.ndarray

    def __len__(self) -> int:
        return len(self.classes)

    @classmethod
    def of_boxes(cls, found: BoxArrays) -> Objects:
        """Return the boxes of an image with each class whose probability is not 0."""
        rows, classes = found.probabilities.nonzero()
        return cls(classes, found.probabilities[rows, classes], found.xyxy(1, 1)[rows])

    @classmethod
    def of_rows(cls, rows: list[tuple[int, float, float, float, float, float]]) -> Objects:
        """Return rows of class, score and four edges."""
        table = np.array(rows, dtype=np.float64).reshape(-1, 6)
        return cls(table[:, 0].astype(np.int64), table[:, 1], table[:, 2:])

    def above(self, thresh: float) -> Objects:
        """Return what has a score above a threshold."""
        return self.take(self.scores > thresh)

    def take(self, rows: np.ndarray) -> Objects:
        """Return the rows of a mask or an index."""
        return Objects(self.classes[rows], self.scores[rows], self.edges[rows])

    def inside(self, least: np.ndarray, most: np.ndarray) -> Objects:
        """Return the same with edges cut to an area, given by its corners [2]."""
        edges = np.clip(self.edges, np.tile(least, 2), np.tile(most, 2))
        return Objects(self.classes, self.scores, edges)


@dataclass(frozen=True)
class Match:
    """The objects of two programs: which are the same, and how far they are apart at most.

    `score` and `edge` are the largest differences of the pairs, `lone` the objects of each program
    that the other one did not find.
    """

    pairs: int
    score: float
    edge: float
    lone: tuple[Objects, Objects]

    def equals(self, allowed: Allowed) -> bool:
        """Return whether each object has its equal."""
        near = self.score <= allowed.score and self.edge <= allowed.edge
        return near and not any(len(objects) for objects in self.lone)


def match(ours: Objects, theirs: Objects, allowed: Allowed, thresh: float) -> Match:
    """Return which objects are the same: of one class, the nearest first.

    An object that the other program lacks is left out if its score is at the threshold, where a
    last digit decides.
    """
    pairs = list(nearest_pairs(ours, theirs, allowed.edge))
    mine, others = (np.array([pair[side] for pair in pairs], dtype=int) for side in (0, 1))
    scores = np.abs(ours.scores[mine] - theirs.scores[others])
    edges = np.abs(ours.edges[mine] - theirs.edges[others])
    lone = (left_over(ours, mine, thresh, allowed), left_over(theirs, others, thresh, allowed))
    return Match(len(pairs), float(scores.max(initial=0)), float(edges.max(initial=0)), lone)


def nearest_pairs(ours: Objects, theirs: Objects, close: float) -> Iterator[tuple[int, int]]:
    """Yield the rows of objects of one class that overlap or are close, each row once."""
    apart = np.abs(ours.edges[:, None] - theirs.edges[None]).max(2, initial=0)  # [R, S]
    same = ours.classes[:, None] == theirs.classes[None]
    same &= (overlaps(ours.edges, theirs.edges) >= LEAST_OVERLAP) | (apart <= close)
    apart = apart + np.abs(ours.scores[:, None] - theirs.scores[None])
    mine, others = same.nonzero()
    free = (set(range(len(ours))), set(range(len(theirs))))
    for at in np.argsort(apart[mine, others], kind="stable"):
        pair = int(mine[at]), int(others[at])
        if pair[0] in free[0] and pair[1] in free[1]:
            free[0].discard(pair[0])
            free[1].discard(pair[1])
            yield pair


def overlaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the intersection over union of boxes [R, 4] and [S, 4] by their edges, [R, S]."""
    corner = np.maximum(one[:, None, :2], other[None, :, :2])
    sides = np.minimum(one[:, None, 2:], other[None, :, 2:]) - corner
    common = sides.clip(min=0).prod(2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(1) for boxes in (one, other)]
    union = areas[0][:, None] + areas[1][None] - common
    return np.divide(common, union, out=np.zeros_like(common), where=union > 0)


def left_over(found: Objects, pairs: np.ndarray, thresh: float, allowed: Allowed) -> Objects:
    """Return the objects without a pair whose score is not at the threshold."""
    lone = np.ones(len(found), dtype=bool)
    lone[pairs] = False
    return found.take(lone & (found.scores > thresh + allowed.score))
