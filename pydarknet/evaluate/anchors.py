"""Anchors for a data set: clusters of its boxes' sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import DataError, UsageError
from ..system.text import count_of
from .ground_truth import GroundTruth

ROUNDS = 1000
SCALE = 2.0  # times as large or small an anchor may be as the one whose place it takes
MOST_SIDE = 100_000  # pixels of an anchor
FINE = 32  # networks up to this width have anchors with decimals


@dataclass(frozen=True, eq=False)
class Clusters:
    """Centres [K, 2] (width, height) sorted by area, the number of rounds, and the mean IoU."""

    centers: np.ndarray
    rounds: int
    average_iou: float


def cut_sizes(boxes: np.ndarray) -> np.ndarray:
    """Return width and height [B, 2] of boxes [B, 4] in 0..1: what is possible of a side above 1.

    That is what lies in the image, as training cuts it. Of a box without a size both are 0.

    Darknet: src/detector.c calc_anchors (AlexeyAB)
    Quirk: IMPOSSIBLE_SIZES
    """
    centres, sizes = boxes[:, :2], boxes[:, 2:]
    with np.errstate(invalid="ignore", over="ignore"):
        inner = (centres + sizes / 2).clip(0, 1) - (centres - sizes / 2).clip(0, 1)
        found = np.where(sizes > 1, inner, sizes)
    return np.where((found > 0).all(1, keepdims=True), found, 0)


def cluster(boxes: np.ndarray, count: int, generator: np.random.Generator) -> Clusters:
    """Cluster boxes [B, 2], widths and heights, starting from random boxes.

    Darknet: src/matrix.c do_kmeans, src/detector.c calc_anchors (AlexeyAB)
    """
    if count < 1:
        raise UsageError(f"-num_of_clusters {count}: expected at least 1")
    if len(boxes) < count:
        raise DataError(
            f"{count_of(len(boxes), 'box', 'boxes')}:"
            f" expected at least {count}, as many as clusters"
        )
    first = boxes[generator.permutation(len(boxes))[:count]]
    centers, rounds = kmeans(boxes, first)
    areas = centers.prod(1)
    centers = centers[np.argsort(areas, kind="stable")]
    best = iou(boxes, centers).max(1)
    total = np.add.accumulate(best, dtype=np.float32)[-1]
    return Clusters(centers, rounds, float(total / np.float32(len(boxes))))


def kmeans(boxes: np.ndarray, centers: np.ndarray) -> tuple[np.ndarray, int]:
    """Move centres [K, 2] to the means of the boxes [B, 2] that are nearest, until none changes.

    The nearest centre has the most IoU, with corners aligned; of equals it is the first. Returns
    the centres, in float32 as in the C, and the number of rounds.

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
    """Return the mean of the boxes of each centre; a coordinate that would become 0 stays.

    Darknet: src/matrix.c kmeans_maximization (AlexeyAB)
    """
    sums = np.zeros_like(centers)
    np.add.at(sums, nearest, boxes)
    counts = np.bincount(nearest, minlength=len(centers)).astype(np.float32)
    sums = sums / np.maximum(counts, 1)[:, None]
    return np.where(sums == 0, centers, sums)


def iou(boxes: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return the IoU of sizes [B, 2] and [K, 2] with corners aligned, float32 [B, K].

    Darknet: src/matrix.c dist (AlexeyAB)
    """
    shared = np.minimum(boxes[:, None], centers).prod(2)
    union = boxes.prod(1)[:, None] + centers.prod(1) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union != 0)


def keep_scales(made: np.ndarray, given: np.ndarray) -> bool:
    """Return whether anchors [K, 2] may take the place of others that masks divide among heads.

    Each is at most twice as large as the one in its place, and at least half as large, as the side
    of a square of its area: then each head has anchors of the size that its cells are for.

    Source: AlexeyAB/darknet, README.md "How to improve object detection"
    """
    ratios = np.sqrt(made.prod(1) / given.prod(1))
    return bool((ratios <= SCALE).all() and (ratios >= 1 / SCALE).all())


def pyramid(boxes: np.ndarray, sides: Sequence[int]) -> Clusters:
    """Return RetinaNet's anchors, nine a side in the order of [retina], beside boxes [B, 2].

    They are the side and two larger ones in thirds of an octave, each as wide as high, twice and
    half, in whole even pixels.

    Source: torchvision, models/detection/anchor_utils.py generate_anchors
    """
    found = []
    for side in sides:
        scales = np.array([int(side * 2 ** (part / 3)) for part in range(3)], np.float32)
        high = np.sqrt(np.array([0.5, 1, 2], np.float32))[:, None]
        pairs = np.stack([1 / high * scales, high * scales], 2).reshape(-1, 2)
        found.append(2 * np.round(pairs / 2))
    anchors = np.concatenate(found)
    best = iou(boxes.astype(np.float32), anchors).max(1)
    return Clusters(anchors, 0, float(best.mean()) if len(best) else 0.0)


def sides_of(text: str) -> list[int]:
    """Return the sides of RetinaNet's anchors, map by map, of a text. Raises UsageError."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and 0 < int(word) < MOST_SIDE for word in words):
        raise UsageError(f"-retina {text}: expected sides in pixels, such as 32,64,128,256,512")
    return [int(word) for word in words]


def anchors_text(clusters: Clusters, width: int) -> str:
    """Return anchors as text for a cfg: whole pixels, or four decimals for small networks."""
    form = "{:3.0f},{:3.0f}" if width > FINE else "{:2.4f},{:2.4f}"
    return ", ".join(form.format(*center) for center in clusters.centers.tolist())


def counters_text(classes: Iterable[int], least: int) -> str:
    """Return the boxes per class as text for a cfg, for at least `least` classes."""
    found = np.bincount(np.fromiter(classes, np.int64), minlength=least)
    return f"counters_per_class = {', '.join(str(count) for count in found.tolist())}"


def wrong_label_lines(truths: GroundTruth, path: str) -> Iterator[str]:
    """Yield the warning for each box that is not within its image.

    Darknet: src/detector.c calc_anchors (AlexeyAB)
    """
    for index, box in enumerate(truths.boxes.tolist()):
        if not all(0 < value <= 1 for value in box):
            x, y, width, height = box
            yield (
                f"Wrong label: {path} - j = {index}, x = {x:f}, y = {y:f},"
                f" width = {width:f}, height = {height:f}"
            )
