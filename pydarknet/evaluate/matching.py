"""Which detection found which truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ..boxes.box import iou
from ..boxes.detections import Detections
from .ground_truth import Truths

NO_TRUTH = -1


@dataclass(frozen=True, eq=False)
class Matches:
    """Detections in the order in which they were made; one is a class of a box, all are [D].

    `truths` are places in the list of all truths, or NO_TRUTH; `overlaps` the IoU with them.
    `boxes` [D, 4] are in 0..1 of the image whose place in the list is in `images`. A `difficult`
    one found nothing but what nobody need find.
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
        """Return the detections of an index or a mask."""
        return Matches(*(column[rows] for column in vars(self).values()))

    @staticmethod
    def cat(parts: list[Matches]) -> Matches:
        """Join the detections of several images."""
        columns = zip(*(vars(part).values() for part in [NONE, *parts]), strict=True)
        return Matches(*(np.concatenate(column) for column in columns))


def matched(
    found: Detections,
    truths: Truths,
    iou_thresh: float,
    *,
    difficult: Truths | None = None,
    image: int = 0,
    first: int = 0,
) -> Matches:
    """Match what was found in one image with its truths, the first of which has number `first`.

    A detection's truth is that of its class that it overlaps most, if by more than `iou_thresh`,
    and several detections may have the same.

    Darknet: src/detector.c validate_detector_map (AlexeyAB)
    """
    boxes = found.boxes.float().cpu()
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
        boxes=boxes.numpy()[rows],
        difficult=excused,
    )


def best(
    boxes: torch.Tensor, rows: np.ndarray, classes: np.ndarray, truths: Truths
) -> tuple[np.ndarray, np.ndarray]:
    """Return the most IoU with a truth of its class, and which that is, of each detection [D].

    Detection d is class `classes[d]` of box `rows[d]`. Without a truth of the class it is -1.
    """
    if not len(truths):
        return np.full(len(rows), np.float32(-1)), np.zeros(len(rows), np.int64)
    overlaps = iou(boxes, torch.from_numpy(truths.boxes)).numpy()[rows]
    overlaps = np.where(classes[:, None] == truths.classes, overlaps, np.float32(-1))
    places = overlaps.argmax(1)
    return overlaps[np.arange(len(rows)), places], places


def first_claims(truths: np.ndarray) -> np.ndarray:
    """Say of each of a queue of detections whether it is the first that has its truth; bool [D]."""
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
