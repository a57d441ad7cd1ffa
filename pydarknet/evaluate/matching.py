"""Matching of detections with ground truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..boxes.box import iou
from ..boxes.detections import Detections
from .ground_truth import GroundTruth

NO_TRUTH = -1


@dataclass(frozen=True, eq=False)
class Matches:
    """Detections, in their original order; each is a class of a box. All arrays are [D].

    `truths` are indices in the list of all true boxes, or NO_TRUTH; `overlaps` are the IoU with
    them.
    `boxes` [D, 4] are in 0..1 of the image, whose index is in `images`. A `difficult` detection
    matches only a box that is marked difficult, and does not count.
    """

    scores: np.ndarray
    classes: np.ndarray
    images: np.ndarray
    truths: np.ndarray
    overlaps: np.ndarray
    boxes: np.ndarray
    difficult: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    def take(self, rows: np.ndarray) -> Matches:
        """Return the detections at an index or in a mask."""
        return Matches(*(column[rows] for column in vars(self).values()))

    @staticmethod
    def cat(parts: list[Matches]) -> Matches:
        """Join the detections of several images."""
        columns = zip(*(vars(part).values() for part in [NONE, *parts]), strict=True)
        return Matches(*(np.concatenate(column) for column in columns))


def match_image(
    found: Detections,
    truths: GroundTruth,
    iou_thresh: float,
    *,
    difficult: GroundTruth | None = None,
    image: int = 0,
    first: int = 0,
) -> Matches:
    """Match the detections of an image with its ground truth, whose first box has index `first`.

    A detection matches the box of its class with most IoU, if that exceeds `iou_thresh`. Several
    detections may match the same box.

    Darknet: src/detector.c validate_detector_map (AlexeyAB)
    """
    boxes = found.boxes.float().cpu().numpy()
    scores = found.probabilities.float().cpu().numpy()
    rows, classes = (scores > 0).nonzero()
    overlaps, places = best(boxes, rows, classes, truths)
    hit = overlaps > np.float32(iou_thresh)
    excused = np.zeros_like(hit)
    if difficult is not None:
        excused = ~hit & (best(boxes, rows, classes, difficult)[0] > np.float32(iou_thresh))
    return Matches(
        scores=scores[rows, classes],
        classes=classes,
        images=np.full(len(rows), image),
        truths=np.where(hit, places + first, NO_TRUTH),
        overlaps=np.where(hit, overlaps, np.float32(0)),
        boxes=boxes[rows],
        difficult=excused,
    )


def best(
    boxes: np.ndarray, rows: np.ndarray, classes: np.ndarray, truths: GroundTruth
) -> tuple[np.ndarray, np.ndarray]:
    """Return the best IoU of each detection with a true box of its class, and its index, both [D].

    Detection d is class `classes[d]` of box `rows[d]`. The IoU is -1 without a true box of the
    class.
    """
    if not len(truths):
        return np.full(len(rows), np.float32(-1)), np.zeros(len(rows), np.int64)
    overlaps = iou(boxes, truths.boxes)[rows]
    overlaps = np.where(classes[:, None] == truths.classes, overlaps, np.float32(-1))
    places = overlaps.argmax(1)
    return overlaps[np.arange(len(rows)), places], places


def first_claims(truths: np.ndarray) -> np.ndarray:
    """Return whether each detection is the first of its true box, bool [D]."""
    claims = np.zeros(len(truths), bool)
    real = (truths != NO_TRUTH).nonzero()[0]
    claims[real[np.unique(truths[real], return_index=True)[1]]] = True
    return claims


NONE = Matches(
    scores=np.zeros(0, np.float32),
    classes=np.zeros(0, np.int64),
    images=np.zeros(0, np.int64),
    truths=np.zeros(0, np.int64),
    overlaps=np.zeros(0, np.float32),
    boxes=np.zeros((0, 4), np.float32),
    difficult=np.zeros(0, bool),
)
