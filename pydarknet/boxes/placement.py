"""Where the labels of boxes go: beside them, inside the image, over no other label or small box."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

# A place costs the share of each box that it covers times OVER_BOX, the share of the label that
# other labels cover times OVER_LABEL, TOUCHING for each of them, and what its distance adds.
OVER_BOX, OVER_LABEL, TOUCHING = 3.0, 10.0, 0.5
BAD = 0.3  # where all places beside a box cost more, farther ones are tried
AWAY, PER_STEP = 0.25, 0.06  # what a place away from its box costs, and each step of distance more
STEPS = (1, 2, 3.5, 5.5)  # distances of places away from a box, in heights of the label
ASIDE = (-1.0, -0.5, 0.0, 0.5, 1.0)  # and their shifts, in widths of the label
HABIT, AWAY_HABIT = 0.4, 0.1  # what the place of the frame before saves a label
SAME = 0.5  # the least IoU of a box and itself in the frame before
ROUNDS = 2  # in which labels that cover others are placed anew
MOST = 500  # labels for which places are sought: more cover the picture wherever they are
CELLS = 400_000  # numbers of one step of the work, which bounds its memory

# left and top edge of a place beside a box, as sums: of the box's left and right, of the label's
# width; of the box's top and bottom, of the label's height; and what it costs
BESIDE = np.array(
    [
        (1, 0, 0, 1, 0, -1, 0.00),  # above, at the left
        (1, 0, 0, 1, 0, 0, 0.03),  # within, at the top left
        (0, 1, -1, 1, 0, -1, 0.04),  # above, at the right
        (1, 0, 0, 0, 1, 0, 0.06),  # below, at the left
        (0, 1, -1, 0, 1, 0, 0.08),  # below, at the right
        (0, 1, 0, 1, 0, 0, 0.10),  # at the right of the top
        (1, 0, -1, 1, 0, 0, 0.11),  # at the left of the top
        (0, 1, 0, 0, 1, -1, 0.12),  # at the right of the bottom
        (1, 0, -1, 0, 1, -1, 0.13),  # at the left of the bottom
        (0, 1, -1, 1, 0, 0, 0.14),  # within, at the top right
        (1, 0, 0, 0, 1, -1, 0.15),  # within, at the bottom left
        (0, 1, 0, 1, 0, -1, 0.16),  # off the corners
        (1, 0, -1, 1, 0, -1, 0.17),
        (0, 1, 0, 0, 1, 0, 0.18),
        (1, 0, -1, 0, 1, 0, 0.19),
    ]
)


@dataclass
class Memory:
    """Where labels stood in the frame before, so that those of the next stay there.

    `last` are the boxes [N, 4] of that frame, and their labels' places by number [N]; `letters` is
    the size of these. Threads may share it.
    """

    last: tuple[np.ndarray, np.ndarray] = (np.zeros((0, 4), np.float32), np.zeros(0, np.int64))
    letters: float = 0.0

    def habits(self, boxes: np.ndarray) -> np.ndarray:
        """Return the number of the place where each box [K, 4] had its label, [K]; -1 for none."""
        before, chosen = self.last
        if not len(before):
            return np.full(len(boxes), -1)
        both = overlaps(boxes[:, :2], boxes[:, 2:] - boxes[:, :2], edges_of(before))
        shares = both / (box_areas(boxes)[:, None] + box_areas(before) - both)
        return np.where(shares.max(1) >= SAME, chosen[shares.argmax(1)], -1)


def place_labels(
    boxes: np.ndarray, sizes: np.ndarray, width: int, height: int, memory: Memory | None = None
) -> np.ndarray:
    """Return where labels go in an image: left and top in pixels, int64 [N, 2].

    `boxes` [N, 4] are left, top, right, bottom in pixels, the last two exclusive; `sizes` [N, 2]
    the width and height of each label, which exceed the image's nowhere. The smallest box is first
    to choose: it has the fewest places. A `memory` keeps the labels of a film at their places, from
    frame to frame. More than MOST labels stand above their boxes.
    """
    boxes, sizes = boxes.astype(np.float32), sizes.astype(np.float32)
    image = np.array([width, height], np.float32)
    near = inside(places_beside(boxes, sizes), sizes[:, None], image)
    if len(boxes) > MOST:
        return near[:, 0].astype(np.int64)
    costs = BESIDE[:, 6].astype(np.float32) + cost_over_boxes(near, sizes, boxes)
    memory = memory or Memory()
    work = Placement(boxes, sizes, image, near, costs, memory.habits(boxes))
    order = np.argsort(box_areas(boxes), kind="stable")
    for index in order.tolist():
        work.place(index)
    for _ in range(ROUNDS):
        unhappy = work.covering()
        for index in order[unhappy[order]].tolist():
            work.place(index)
    memory.last = boxes, work.chosen
    return np.rint(work.taken[:2].T).astype(np.int64) + 1


class Placement:
    """Labels on their way to their places; `taken` [4, N] has the edges of those that are there."""

    def __init__(
        self,
        boxes: np.ndarray,
        sizes: np.ndarray,
        image: np.ndarray,
        near: np.ndarray,
        costs: np.ndarray,
        habits: np.ndarray,
    ) -> None:
        self.boxes, self.sizes, self.image = boxes, sizes, image
        self.edges, self.weights = edges_of(boxes), OVER_BOX / box_areas(boxes)
        self.near, self.costs, self.habits = near, costs, habits
        self.chosen = np.full(len(boxes), -1)
        self.taken = np.zeros_like(self.edges)  # one without an area covers nothing

    def place(self, index: int) -> None:
        """Put a label where it costs least."""
        self.taken[:, index] = 0
        places, habit = self.near[index], self.habits[index]
        costs = self.costs[index] + self.cost_over_labels(index, places)
        costs[habit : habit + 1] -= HABIT
        if costs.min() > BAD or habit >= len(costs):
            size, box = self.sizes[index], self.boxes[index]
            away, extra = places_away(box, size)
            away = inside(away, size, self.image)
            extra = extra + overlaps(away, size, self.edges) @ self.weights
            extra += self.cost_over_labels(index, away)
            places, costs = np.concatenate((places, away)), np.concatenate((costs, extra))
            if habit >= len(self.costs[index]):
                costs[habit] -= AWAY_HABIT  # too little to stay where a place beside it is free
        self.chosen[index] = costs.argmin()
        left, top = places[self.chosen[index]]
        across, down = self.sizes[index]
        gap = left - 1, top - 1, left + across + 1, top + down + 1  # a pixel between labels
        self.taken[:, index] = gap

    def cost_over_labels(self, index: int, places: np.ndarray) -> np.ndarray:
        """Return what it costs a label to cover others in each of some places, [C]."""
        size = self.sizes[index]
        both = overlaps(places, size, self.taken)
        return OVER_LABEL * both.sum(-1) / size.prod() + TOUCHING * (both > 0).sum(-1)

    def covering(self) -> np.ndarray:
        """Return which labels cover others, bool [N]."""
        both = np.zeros(len(self.sizes), np.float32)
        for rows in parts(len(both), CELLS // max(len(both), 1)):
            own = self.taken[:2, rows].T + 1
            both[rows] = overlaps(own, self.sizes[rows], self.taken).sum(-1)
        return both > 1.001 * self.sizes.prod(1)  # each covers itself


def places_beside(boxes: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the places beside each box, left and top, [N, C, 2]."""
    left, top, right, bottom = boxes.T[:, :, None]
    across, down = sizes.T[:, :, None]
    of = BESIDE.T.astype(np.float32)
    x = of[0] * left + of[1] * right + of[2] * across
    y = of[3] * top + of[4] * bottom + of[5] * down
    return np.stack((x, y), -1)


def places_away(box: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return places around a box but away from it, [C, 2], and what they cost, [C]."""
    left, top, right, bottom = box.tolist()
    across, down = size.tolist()
    middle = (left + right - across) / 2
    rows = []
    for step in STEPS:
        for shift in ASIDE:
            x = middle + shift * (across + right - left) / 2
            cost = AWAY + PER_STEP * (step + 2 * abs(shift))
            rows += [(x, top - (1 + step) * down, cost), (x, bottom + step * down, cost + 0.01)]
        for shift in (-1.5, 0, 1.5):
            y, cost = (top + bottom - down) / 2 + shift * down, AWAY + PER_STEP * (step + 2)
            rows += [(right + step * down, y, cost), (left - across - step * down, y, cost)]
    table = np.array(rows, np.float32)
    return table[:, :2], table[:, 2]


def inside(places: np.ndarray, sizes: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Return places moved into the image, in whole pixels."""
    return np.rint(np.clip(places, 0, np.maximum(image - sizes, 0)))


def edges_of(boxes: np.ndarray) -> np.ndarray:
    """Return left, top, right, bottom of boxes [N, 4] as rows, [4, N]."""
    return np.ascontiguousarray(boxes.T)


def box_areas(boxes: np.ndarray) -> np.ndarray:
    """Return the areas of boxes in pixels, [N], at least 1."""
    return np.maximum((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), 1)


def overlaps(places: np.ndarray, sizes: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the pixels that a label in each place [..., 2] shares with each box, [..., N].

    `edges` [4, N] are left, top, right, bottom of boxes, a row each: half the time of columns.
    """
    left, top, right, bottom = edges
    first, last = places[..., None], (places + sizes)[..., None]
    across = np.minimum(last[..., 0, :], right)
    across -= np.maximum(first[..., 0, :], left)
    np.maximum(across, 0, out=across)
    down = np.minimum(last[..., 1, :], bottom)
    down -= np.maximum(first[..., 1, :], top)
    across *= np.maximum(down, 0, out=down)
    return across


def cost_over_boxes(places: np.ndarray, sizes: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return what it costs labels to cover boxes in each of their places, [K, C]."""
    edges, weights = edges_of(boxes), OVER_BOX / box_areas(boxes)
    costs = np.zeros(places.shape[:2], np.float32)
    for rows in parts(len(places), CELLS // max(places.shape[1] * len(boxes), 1)):
        costs[rows] = overlaps(places[rows], sizes[rows, None], edges) @ weights
    return costs


def parts(count: int, size: int) -> Iterator[slice]:
    """Yield slices that are together `count` long, each of `size` at most and 1 at least."""
    for start in range(0, count, max(size, 1)):
        yield slice(start, start + max(size, 1))
