"""Anchors for a data set: the sizes of its boxes, clustered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import DataError, UsageError
from .ground_truth import Truths

ROUNDS = 1000
FINE = 32  # networks no wider have anchors with decimals


@dataclass(frozen=True, eq=False)
class Clusters:
    """Centres [K, 2], widths and heights, by area; the rounds it took, and the mean best IoU."""

    centers: np.ndarray
    rounds: int
    average_iou: float


def cluster(boxes: np.ndarray, count: int, generator: np.random.Generator) -> Clusters:
    """Cluster boxes [B, 2], widths and heights, beginning with boxes chosen at random.

    Darknet: src/matrix.c do_kmeans, src/detector.c calc_anchors (AlexeyAB)
    """
    if count < 1:
        raise UsageError(f"-num_of_clusters {count}: expected at least 1")
    if len(boxes) < count:
        raise DataError(f"{len(boxes)} boxes: expected at least {count}, as many as clusters")
    first = boxes[generator.permutation(len(boxes))[:count]]
    centers, rounds = kmeans(boxes, first)
    areas = centers.prod(1)
    centers = centers[np.argsort(areas, kind="stable")]
    best = iou(boxes, centers).max(1)
    total = np.add.accumulate(best, dtype=np.float32)[-1]
    return Clusters(centers, rounds, float(total / np.float32(len(boxes))))


def kmeans(boxes: np.ndarray, centers: np.ndarray) -> tuple[np.ndarray, int]:
    """Move centres [K, 2] to the means of the boxes [B, 2] that are nearest, until none changes.

    Near is what overlaps much when corners lie on each other; of equals the first. Returns the
    centres, in 32 bits as the C has them, and the number of rounds.

    Darknet: src/matrix.c do_kmeans, kmeans_expectation (AlexeyAB)
    """
    boxes, centers = boxes.astype(np.float32), centers.astype(np.float32)
    nearest = np.zeros(len(boxes), np.int64)
    if len(centers) == 1:
        centers = means(boxes, nearest, centers)
    for rounds in range(ROUNDS):
        before, nearest = nearest, closest(boxes, centers)
        if (nearest == before).all():
            return centers, rounds
        centers = means(boxes, nearest, centers)
    return centers, ROUNDS


def closest(boxes: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return the nearest centre of each box, int64 [B]."""
    return (np.float32(1) - iou(boxes, centers)).argmin(1)


def means(boxes: np.ndarray, nearest: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return the mean of the boxes of each centre; a coordinate that would be 0 stays as it was.

    Darknet: src/matrix.c kmeans_maximization (AlexeyAB)
    """
    sums = np.zeros_like(centers)
    np.add.at(sums, nearest, boxes)
    counts = np.bincount(nearest, minlength=len(centers)).astype(np.float32)
    sums = sums / np.maximum(counts, 1)[:, None]
    return np.where(sums == 0, centers, sums)


def iou(boxes: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return the IoU of sizes [B, 2] and [K, 2] laid corner on corner, float32 [B, K].

    Darknet: src/matrix.c dist (AlexeyAB)
    """
    shared = np.minimum(boxes[:, None], centers).prod(2)
    union = boxes.prod(1)[:, None] + centers.prod(1) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union != 0)


def anchors_text(clusters: Clusters, width: int) -> str:
    """Return anchors as a cfg has them: whole pixels, or four decimals for small networks."""
    form = "{:3.0f},{:3.0f}" if width > FINE else "{:2.4f},{:2.4f}"
    return ", ".join(form.format(*center) for center in clusters.centers.tolist())


def counters_text(classes: Iterable[int], least: int) -> str:
    """Return how often each class occurs, as a cfg has it; of at least so many classes."""
    found = np.bincount(np.fromiter(classes, np.int64), minlength=least)
    return f"counters_per_class = {', '.join(str(count) for count in found.tolist())}"


def wrong(truths: Truths, path: str) -> Iterator[str]:
    """Yield what is said of each box that is not within its image.

    Darknet: src/detector.c calc_anchors (AlexeyAB)
    """
    for index, box in enumerate(truths.boxes.tolist()):
        if not all(0 < value <= 1 for value in box):
            x, y, width, height = box
            yield (
                f"Wrong label: {path} - j = {index}, x = {x:f}, y = {y:f},"
                f" width = {width:f}, height = {height:f}"
            )
