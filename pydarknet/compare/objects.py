"""What two programs found in one image, pair by pair; this file needs no torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..boxes.box_arrays import BoxArrays

AT_ONCE = 64  # objects of ours that are compared with theirs, which bounds memory
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
    parts = [like(ours, theirs, *rows, close) for rows in meetings(ours, theirs, close)]
    if not parts:
        return
    mine, others, apart = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((others, mine, apart))
    left, right = np.ones(len(ours), dtype=bool), np.ones(len(theirs), dtype=bool)
    for pair in zip(mine[order].tolist(), others[order].tolist(), strict=True):
        if left[pair[0]] and right[pair[1]]:
            left[pair[0]] = right[pair[1]] = False
            yield pair


def meetings(
    ours: Objects, theirs: Objects, close: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield rows of ours, some at a time, with those of theirs that may overlap or be close.

    Both are of one class, and sorted from left to right. Boxes that are no numbers meet none.
    """
    for kind in np.intersect1d(ours.classes, theirs.classes).tolist():
        (mine, before, after), (others, left, right) = (
            from_left_to_right(objects, kind) for objects in (ours, theirs)
        )
        reach = np.maximum.accumulate(right) + close  # of all boxes up to this one
        for start in range(0, len(mine), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            first = int(np.searchsorted(reach, before[start]))
            last = int(np.searchsorted(left, after[part].max() + close, "right"))
            if first < last:
                yield mine[part], others[first:last]


def from_left_to_right(objects: Objects, kind: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows of a class that are numbers, and where each begins and ends, in order."""
    whole = np.isfinite(objects.edges).all(1)
    rows = np.flatnonzero((objects.classes == kind) & whole)
    ends = np.sort(objects.edges[rows][:, [0, 2]], axis=1)
    order = ends[:, 0].argsort(kind="stable")
    return rows[order], ends[order, 0], ends[order, 1]


def like(
    ours: Objects, theirs: Objects, mine: np.ndarray, others: np.ndarray, close: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which of these rows overlap or are close, as pairs, and how far each is apart."""
    one, other = ours.edges[mine], theirs.edges[others]
    near = np.abs(one[:, None, 0] - other[None, :, 0]) <= close  # [R, S]
    for edge in 1, 2, 3:
        near &= np.abs(one[:, None, edge] - other[None, :, edge]) <= close
    near |= overlaps(one, other) >= LEAST_OVERLAP
    rows, columns = near.nonzero()
    mine, others = mine[rows], others[columns]
    apart = np.abs(ours.edges[mine] - theirs.edges[others]).max(1, initial=0)
    return mine, others, apart + np.abs(ours.scores[mine] - theirs.scores[others])


def overlaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the intersection over union of boxes [R, 4] and [S, 4] by their edges, [R, S]."""
    width, height = (
        np.minimum(one[:, None, end], other[None, :, end])
        - np.maximum(one[:, None, start], other[None, :, start])
        for start, end in ((0, 2), (1, 3))
    )
    common = width.clip(min=0) * height.clip(min=0)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(1) for boxes in (one, other)]
    union = areas[0][:, None] + areas[1][None] - common
    return np.divide(common, union, out=np.zeros_like(common), where=union > 0)


def left_over(found: Objects, pairs: np.ndarray, thresh: float, allowed: Allowed) -> Objects:
    """Return the objects without a pair whose score is not at the threshold."""
    lone = np.ones(len(found), dtype=bool)
    lone[pairs] = False
    return found.take(lone & (found.scores > thresh + allowed.score))
