"""Non-maximum suppression: where boxes overlap too much, the best of the class stays.

The higher probability comes first. Ties keep the order that the previous class left, and before the
first class the order after the swap of empty boxes (NMS_SWAPS_EMPTY_BOXES). A box that survives
suppresses every later box of its class that it overlaps by more than the threshold; an overlap that
is equal to the threshold suppresses nothing. soft.py lowers scores instead. This file needs no
torch; nms.py is its GPU form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from .box import exceed, outlines
from .box_arrays import BoxArrays
from .rule import USUAL, SuppressionRule
from .soft import factors, weaker_scores
from .sweep import Sweep

CHUNK = 1 << 16  # pairs compared at a time, few enough for the CPU's cache
CALL = 1 << 13  # pairs that take as long to compare as it takes to begin
MANY = 4096  # boxes, from which on it pays to sort them before they are compared

Walk = Callable[[Sequence[int]], list[bool]]


@dataclass(frozen=True)
class Queue:
    """The boxes of one image that have objectness in a line per class, each best first.

    The lines follow each other: `rows` and `classes` int64 [R] say where each probability stands,
    line L is from `ends[L]` to `ends[L + 1]`. `objects` [K] are the boxes before the first class,
    `last` those after the last. Where classes do not count (`agnostic`), there is one line of whole
    boxes, and `classes` say which of a box is the best.
    """

    objects: np.ndarray
    last: np.ndarray
    rows: np.ndarray
    classes: np.ndarray
    ends: list[int]
    agnostic: bool = False

    def places(self, some: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the index of what some places of the lines, bool [R] or int64, stand for."""
        return (self.rows[some],) if self.agnostic else (self.rows[some], self.classes[some])


def suppress_each(
    found: Sequence[BoxArrays],
    threshold: float,
    rule: SuppressionRule = USUAL,
    *,
    stay: bool = False,
) -> list[BoxArrays]:
    """Zero the class probabilities of boxes that overlap a better one by more than `threshold`.

    No box is removed (`kept` does that). Boxes of an image are returned in the order that the C
    leaves: by the probability of the last class before suppression, ties by the class before it,
    and so on; with `stay` in their original order. The kinds that are soft lower probabilities.

    Darknet: src/box.c do_nms_sort, diounms_sort
    Quirk: NMS_ORDER
    """
    return [suppress_image(one, threshold, rule, stay) for one in found]


def suppress_image(
    found: BoxArrays, threshold: float, rule: SuppressionRule, stay: bool
) -> BoxArrays:
    """Suppress the boxes of one image, see `suppress_each`."""
    return best_scores(suppress_all(found, threshold, rule, stay), rule.after)


def suppress_all(
    found: BoxArrays, threshold: float, rule: SuppressionRule, stay: bool
) -> BoxArrays:
    """Suppress the boxes of one image, however many are left."""
    if rule.off:
        return found
    queue = queue_of_image(found, rule)
    if rule.soft:
        return lower(found, queue, threshold, rule, stay)
    return survivors_of(found, queue, survivors(found.boxes, queue, threshold, rule.exponent), stay)


def best_scores(found: BoxArrays, most: int) -> BoxArrays:
    """Return the boxes of one image, whose scores are 0 but for so many of the best; 0: all stay.

    A box that has no score left has no objectness either.
    """
    scores = found.probabilities
    if not most or np.count_nonzero(scores) <= most:
        return found
    left = np.zeros_like(scores)
    best = np.argsort(-scores, axis=None, kind="stable")[:most]
    left.flat[best] = scores.flat[best]
    return replace(found, probabilities=left, objectness=np.where(left.any(1), found.objectness, 0))


def queue_of_image(found: BoxArrays, rule: SuppressionRule = USUAL) -> Queue:
    """Return the boxes of one image in lines; in `last` those without objectness come last."""
    order, count = objects_first(found.objectness)
    scores = found.probabilities
    if rule.agnostic:
        scores = scores.max(1, keepdims=True, initial=0)
    queue = queue_of(scores, order[:count])
    last = np.concatenate((queue.last, order[count:]))
    return replace(queue, last=last, agnostic=rule.agnostic)


def survivors_of(found: BoxArrays, queue: Queue, left: np.ndarray, stay: bool) -> BoxArrays:
    """Zero the probabilities that are not `left`, bool [R] over the lines; order the boxes."""
    probabilities = found.probabilities.copy()
    probabilities[queue.places(~left)] = 0
    return with_probabilities(found, queue, probabilities, stay)


def lower(
    found: BoxArrays, queue: Queue, threshold: float, rule: SuppressionRule, stay: bool
) -> BoxArrays:
    """Lower the probabilities of boxes that overlap a better one in their line; order the boxes."""
    probabilities, every = found.probabilities.copy(), queue.places(np.arange(len(queue.rows)))
    before = probabilities[every]
    scores = before.max(1, initial=0) if queue.agnostic else before
    boxes, lines = found.boxes[queue.rows], pairwise(queue.ends)
    parts = [factors(boxes[a:b], scores[a:b], threshold, rule) for a, b in lines]
    factor = np.concatenate([*parts, np.zeros(0)])
    probabilities[every] = weaker_scores(before, factor[:, None] if queue.agnostic else factor)
    return with_probabilities(found, queue, probabilities, stay)


def with_probabilities(
    found: BoxArrays, queue: Queue, probabilities: np.ndarray, stay: bool
) -> BoxArrays:
    """Return boxes with other probabilities, in the order that suppression leaves, or `stay`."""
    found = replace(found, probabilities=probabilities)
    return found if stay else found.take(queue.last)


def suppress_objects(found: BoxArrays, threshold: float) -> BoxArrays:
    """Zero boxes that overlap one of higher objectness by more than `threshold`, in any class.

    Objectness and all probabilities of such a box become 0. The boxes are returned in the order of
    their original objectness.

    Darknet: src/box.c do_nms_obj
    """
    order, count = objects_first(found.objectness)
    order[:count] = order[:count][descending(found.objectness[order[:count]])]
    found = found.take(order)
    gone = ~np.array(line_survivors(found.boxes[:count], threshold, None), bool)
    found.objectness[:count][gone] = 0
    found.probabilities[:count][gone] = 0
    return found


def objects_first(objectness: np.ndarray) -> tuple[np.ndarray, int]:
    """Return an order of boxes [K] with those of no objectness last, and the count of the others.

    Each box without objectness is swapped with the last box not yet visited.

    Darknet: src/box.c do_nms_sort
    Quirk: NMS_SWAPS_EMPTY_BOXES
    """
    if objectness.all():
        return np.arange(len(objectness)), len(objectness)
    rows, empty = list(range(len(objectness))), (objectness == 0).tolist()
    row, count = 0, len(rows)
    while row < count:
        if empty[rows[row]]:
            count -= 1
            rows[row], rows[count] = rows[count], rows[row]
        else:
            row += 1
    return np.array(rows, np.int64), count


def descending(numbers: np.ndarray) -> np.ndarray:
    """Return the order [K] from the greatest number to the least; equals keep theirs."""
    return len(numbers) - 1 - numbers[::-1].argsort(kind="stable")[::-1]


def queue_of(probabilities: np.ndarray, objects: np.ndarray) -> Queue:
    """Return `objects`, boxes of `probabilities` [K, classes], in lines by class.

    A line has the boxes whose probability of the class is not 0. The C sorts all boxes for each
    class; those that have none of it keep their places between the positive and the negative ones.
    """
    height = np.zeros(len(probabilities), np.int64)  # the higher, the earlier; 0 is no object
    height[objects] = np.arange(len(objects), 0, -1)
    rows, classes = np.nonzero((probabilities != 0) & (height > 0)[:, None])
    scores = probabilities[rows, classes]
    order = np.lexsort((-scores, classes))
    rows, classes, scores = rows[order], classes[order], scores[order]
    ends = [0, *(np.flatnonzero(np.diff(classes, append=-1)) + 1).tolist()]
    equal = (np.diff(scores) == 0) & (np.diff(classes) == 0)
    if equal.any() or not (scores > 0).all():
        sort_lines(rows, scores, ends, height)
    else:
        raise_lines(rows, ends, height)
    last = objects[height[objects].argsort()[::-1]]
    return Queue(objects, last, rows, classes, ends)


def raise_lines(rows: np.ndarray, ends: list[int], height: np.ndarray) -> None:
    """Set the `height` of boxes in lines of positive, unlike scores, sorted already.

    Each line comes above those before it: of a box in several the last counts.
    """
    lengths, line_ends = np.diff(ends), np.array(ends)
    starts, stops = (np.repeat(some, lengths) for some in (line_ends[:-1], line_ends[1:]))
    height[rows] = height.max(initial=0) + starts + stops - np.arange(len(rows))


def sort_lines(rows: np.ndarray, scores: np.ndarray, ends: list[int], height: np.ndarray) -> None:
    """Sort the `rows` of each line in turn: the `height` that the last left decides ties."""
    top, bottom = int(height.max(initial=0)), 0
    for start, end in pairwise(ends):
        line, score = rows[start:end], scores[start:end]
        line = rows[start:end] = line[np.lexsort((height[line], score))[::-1]]
        above = len(line) - int(np.count_nonzero(score < 0))
        steps = np.arange(above, above - len(line), -1)
        height[line] = steps + np.where(steps > 0, top, bottom)
        top, bottom = top + above, bottom + above - len(line)


def survivors(boxes: np.ndarray, queue: Queue, threshold: float, beta: float | None) -> np.ndarray:
    """Return which boxes of the lines survive, bool [R].

    Each pair is compared once for all lines, or only within each line if that is less work.
    """
    count, place = len(queue.objects), np.empty(len(boxes), np.int64)
    place[queue.objects] = np.arange(count)
    boxes, rows = boxes[queue.objects], place[queue.rows].tolist()
    lines = [rows[start:end] for start, end in pairwise(queue.ends)]
    if count**2 <= sum(len(line) ** 2 + CALL for line in lines):
        walk = walker(boxes, threshold, beta)
        stay = [walk(line) for line in lines]
    else:
        stay = [line_survivors(boxes[line], threshold, beta) for line in lines]
    return np.array([flag for line in stay for flag in line], bool)


def line_survivors(boxes: np.ndarray, threshold: float, beta: float | None) -> list[bool]:
    """Return which of `boxes` [M, 4], best first, survive."""
    if len(boxes) < 2:
        return [True] * len(boxes)
    return walker(boxes, threshold, beta)(range(len(boxes)))


def walker(boxes: np.ndarray, threshold: float, beta: float | None) -> Walk:
    """Return the function that walks along lines of these boxes and returns which survive."""
    if len(boxes) >= MANY and threshold >= 0:
        return Sweep(boxes, threshold, beta).survivors
    crowd = crowds(boxes, threshold, beta)
    return lambda line: survivors_among(line, crowd)


def survivors_among(line: Sequence[int], crowd: list[int]) -> list[bool]:
    """Return which boxes of a line, best first, no earlier survivor suppresses."""
    stay, gone = [], 0
    for box in line:
        left = not gone >> box & 1
        stay.append(left)
        if left:
            gone |= crowd[box]
    return stay


def crowds(boxes: np.ndarray, threshold: float, beta: float | None) -> list[int]:
    """Return for each of `boxes` [M, 4] the set that it suppresses, as an int with a bit per box.

    Bit b of box a is set where their IoU, or DIoU with exponent `beta`, exceeds `threshold`.
    """
    step, every = max(CHUNK // max(len(boxes), 1), 1), outlines(boxes)
    crowd: list[int] = []
    for start in range(0, len(boxes), step):
        some = every[:, start : start + step, None]
        over = exceed(some, every[:, None], threshold, beta)
        bits = np.packbits(over, axis=1, bitorder="little")
        crowd.extend(int.from_bytes(row.tobytes(), "little") for row in bits)
    return crowd
