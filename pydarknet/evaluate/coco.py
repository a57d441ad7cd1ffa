"""The twelve figures by which COCO compares detectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .matched_dataset import MatchedDataset

OVERLAPS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)
AREAS = {"all": (0, 1e10), "small": (0, 32**2), "medium": (32**2, 96**2), "large": (96**2, 1e10)}
MOST = 100  # detections per class and image that count
ALMOST_ONE = 1 - 1e-10


class Figure(NamedTuple):
    """One of the twelve: the quantity of which it is the mean."""

    precision: bool
    overlap: float | None = None  # None: all of OVERLAPS
    area: str = "all"
    most: int = MOST

    @property
    def label(self) -> str:
        """The line that COCO's own program prints before the figure."""
        title, kind = ("Precision", "(AP)") if self.precision else ("Recall", "(AR)")
        overlaps = "0.50:0.95" if self.overlap is None else f"{self.overlap:0.2f}"
        title = f"Average {title}"
        where = f"area={self.area:>6s} | maxDets={self.most:>3d}"
        return f" {title:<18} {kind} @[ IoU={overlaps:<9} | {where} ]"


FIGURES = {
    "AP": Figure(True),
    "AP50": Figure(True, 0.5),
    "AP75": Figure(True, 0.75),
    "APs": Figure(True, area="small"),
    "APm": Figure(True, area="medium"),
    "APl": Figure(True, area="large"),
    "AR1": Figure(False, most=1),
    "AR10": Figure(False, most=10),
    "AR100": Figure(False),
    "ARs": Figure(False, area="small"),
    "ARm": Figure(False, area="medium"),
    "ARl": Figure(False, area="large"),
}


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes left, top, width, height in pixels, float64 [B, 4], sorted by class, then image."""

    classes: np.ndarray
    images: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray  # zeros for true boxes

    @property
    def areas(self) -> np.ndarray:
        """Width times height, [B]."""
        return self.boxes[:, 2] * self.boxes[:, 3]

    @property
    def outside(self) -> np.ndarray:
        """Which boxes do not count for each of AREAS, bool [areas, B]."""
        least, most = np.array(list(AREAS.values())).T[:, :, None]
        return (self.areas < least) | (self.areas > most)

    def take(self, rows: np.ndarray) -> Boxes:
        """Return the boxes at an index or in a mask."""
        return Boxes(*(column[rows] for column in vars(self).values()))


def figures(dataset: MatchedDataset) -> dict[str, float]:
    """Return the twelve figures; -1 for a figure without true boxes.

    Areas are those of boxes. Detections are clipped to their image, as in the result file of
    `detector valid`.
    """
    truths, found = true_boxes(dataset), detected_boxes(dataset)
    ranks = ranks_of(found)
    found, ranks = found.take(ranks < MOST), ranks[ranks < MOST]
    hits, ignored = match_boxes(found, truths)
    classes = np.unique(truths.classes)
    made = {
        (area, most): [
            score_of(found, hits[a], ignored[a], ranks < most, counted, index)
            for index, counted in zip(classes, counts(truths, a, classes), strict=True)
            if counted
        ]
        for a, area in enumerate(AREAS)
        for most in sorted({one.most for one in FIGURES.values() if one.area == area})
    }
    return {name: mean_of(one, made[one.area, one.most]) for name, one in FIGURES.items()}


def true_boxes(dataset: MatchedDataset) -> Boxes:
    """Return the true boxes in pixels."""
    truths, owners = dataset.truths, dataset.owners
    sizes = np.tile(dataset.sizes[owners], 2).astype(np.float64)
    boxes = truths.boxes.astype(np.float64) * sizes
    boxes[:, :2] -= boxes[:, 2:] / 2
    order = np.lexsort((owners, truths.classes))
    return Boxes(truths.classes, owners, boxes, np.zeros(len(boxes))).take(order)


def detected_boxes(dataset: MatchedDataset) -> Boxes:
    """Return the detections in pixels, clipped; for each class and image, the best comes first."""
    found = dataset.matches
    sizes = dataset.sizes[found.images].astype(np.float64)
    center, half = found.boxes[:, :2] * sizes, found.boxes[:, 2:] * sizes / 2
    first, last = np.maximum(center - half, 0), np.minimum(center + half, sizes)
    boxes = np.concatenate([first, last - first], 1)
    order = np.lexsort((-found.scores, found.images, found.classes))
    return Boxes(found.classes, found.images, boxes, found.scores).take(order)


def ranks_of(found: Boxes) -> np.ndarray:
    """Return the rank of each detection among those of its class and image, from 0."""
    starts = [(group.start, group.stop - group.start) for group in groups(found)]
    first = np.repeat(*np.array(starts, np.int64).reshape(-1, 2).T)
    return np.arange(len(found.scores)) - first


def groups(boxes: Boxes) -> Iterator[slice]:
    """Yield the slice of the boxes of each class and image."""
    if not len(boxes.classes):
        return
    changed = (np.diff(boxes.classes) != 0) | (np.diff(boxes.images) != 0)
    edges = [0, *(np.flatnonzero(changed) + 1).tolist(), len(boxes.classes)]
    yield from map(slice, edges[:-1], edges[1:])


def match_boxes(found: Boxes, truths: Boxes) -> tuple[np.ndarray, np.ndarray]:
    """Return which detections match and which do not count, both bool [areas, overlaps, D]."""
    shape = (len(AREAS), len(OVERLAPS), len(found.scores))
    hits, ignored = np.zeros(shape, bool), np.zeros(shape, bool)
    places = {
        (truths.classes[group.start], truths.images[group.start]): group for group in groups(truths)
    }
    outside = truths.outside
    for group in groups(found):
        place = places.get((found.classes[group.start], found.images[group.start]))
        if place:
            overlaps = iou(found.boxes[group], truths.boxes[place])
            assign(overlaps, outside[:, place], hits[:, :, group], ignored[:, :, group])
    return hits, ignored | (~hits & found.outside[:, None])


def assign(
    overlaps: np.ndarray, outside: np.ndarray, hits: np.ndarray, ignored: np.ndarray
) -> None:
    """Match each detection of a class and image, best first, with its best free true box.

    A true box outside of the area matches only if none inside is free, and then the detection
    does not count. `overlaps` are [D, T], `outside` [areas, T]. Writes to `hits` and `ignored`,
    [areas, overlaps, D].
    """
    least = np.minimum(OVERLAPS, ALMOST_ONE)[:, None]
    free = np.ones((len(AREAS), len(OVERLAPS), overlaps.shape[1]), bool)
    rest = np.broadcast_to(outside[:, None], free.shape)
    for index in np.flatnonzero(overlaps.max(1) >= OVERLAPS[0]):
        fits = free & (overlaps[index] >= least)
        inside = fits & ~rest
        fits = np.where(inside.any(2, keepdims=True), inside, fits)
        scores = np.where(fits, overlaps[index], -1.0)[:, :, ::-1]
        chosen = overlaps.shape[1] - 1 - scores.argmax(2)  # the last of equals
        hit = fits.any(2)
        areas, levels = hit.nonzero()
        hits[:, :, index] = hit
        ignored[areas, levels, index] = rest[areas, levels, chosen[areas, levels]]
        free[areas, levels, chosen[areas, levels]] = False


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return intersection over union of every pair of left, top, width, height: [D, T]."""
    first = np.maximum(a[:, None, :2], b[:, :2])
    last = np.minimum(a[:, None, :2] + a[:, None, 2:], b[:, :2] + b[:, 2:])
    shared = np.clip(last - first, 0, None).prod(2)
    union = a[:, None, 2:].prod(2) + b[:, 2:].prod(1) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=shared > 0)


def counts(truths: Boxes, area: int, classes: np.ndarray) -> list[int]:
    """Return the number of true boxes per class inside an area."""
    inside = truths.classes[~truths.outside[area]]
    return [int((inside == index).sum()) for index in classes]


class Score(NamedTuple):
    """Precision [overlaps, recalls] of a class, and the largest recall [overlaps]."""

    precision: np.ndarray
    recall: np.ndarray


def score_of(
    found: Boxes,
    hits: np.ndarray,
    ignored: np.ndarray,
    chosen: np.ndarray,
    truths: int,
    index: int,
) -> Score:
    """Return the score of a class over all images."""
    rows = np.flatnonzero(chosen & (found.classes == index))
    rows = rows[np.argsort(-found.scores[rows], kind="stable")]
    hits, count = hits[:, rows], ~ignored[:, rows]
    tp = np.cumsum(hits & count, axis=1, dtype=np.float64)
    fp = np.cumsum(~hits & count, axis=1, dtype=np.float64)
    recall = tp / truths
    precision = np.maximum.accumulate((tp / (fp + tp + np.spacing(1)))[:, ::-1], axis=1)[:, ::-1]
    table = np.zeros((len(OVERLAPS), len(RECALLS)))
    for level, reached in enumerate(recall):
        places = np.searchsorted(reached, RECALLS, side="left")
        places = places[places < len(reached)]
        table[level, : len(places)] = precision[level, places]
    return Score(table, recall[:, -1] if len(rows) else np.zeros(len(OVERLAPS)))


def mean_of(figure: Figure, scores: list[Score]) -> float:
    """Return the value of a figure: a mean over all classes."""
    if not scores:
        return -1.0
    levels = slice(None) if figure.overlap is None else np.isclose(OVERLAPS, figure.overlap)
    tables = [(one.precision if figure.precision else one.recall)[levels] for one in scores]
    return float(np.mean(tables))


def lines(values: dict[str, float]) -> list[str]:
    """Return the twelve lines that COCO's own program prints."""
    return [f"{FIGURES[name].label} = {value:0.3f}" for name, value in values.items()]
