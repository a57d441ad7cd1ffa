"""Soft suppression: a box lowers the scores of those that it overlaps, and removes none."""

from __future__ import annotations

import numpy as np

from .box import iou_of, outlines
from .rule import SuppressionRule

WEAKEST = 0.001  # a score that does not exceed it becomes 0


@np.errstate(all="ignore")
def factors(
    boxes: np.ndarray, scores: np.ndarray, threshold: float, rule: SuppressionRule
) -> np.ndarray:
    """Return by what the scores [M] of `boxes` [M, 4], a line of a class, are multiplied.

    The best of the lowered scores comes next, so an order by the first scores is of no use. softnms
    multiplies by 1 - IoU where that IoU exceeds `threshold`, softnms_gaussian by exp(-IoU^2 /
    sigma) everywhere. Of equal scores the first comes first.

    Bodla et al., Soft-NMS, arXiv 1704.04503
    """
    every, factor = outlines(boxes), np.ones(len(boxes))
    left = np.where(scores > WEAKEST, scores.astype(np.float64), 0)
    waiting = np.flatnonzero(left)
    while len(waiting):
        place = int(left[waiting].argmax())
        best = waiting[place]
        if not left[best] > WEAKEST:
            break
        waiting = np.delete(waiting, place)
        overlap = iou_of(every[:, best, None], every[:, waiting])
        lower = decay(overlap, threshold, rule)
        left[waiting] *= lower
        factor[waiting] *= lower
    return factor


def decay(overlap: np.ndarray, threshold: float, rule: SuppressionRule) -> np.ndarray:
    """Return the factor for each IoU with a better box, in float64."""
    measure = overlap.astype(np.float64)
    if rule.kind == "softnms":
        return np.where(overlap > np.float32(threshold), 1 - measure, 1)
    return np.exp(-(measure**2) / rule.sigma)


def weaker_scores(scores: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Return scores times their factors as float32; those that do not exceed WEAKEST are 0."""
    product = (scores * factor).astype(np.float32)
    return np.where(product > WEAKEST, product, np.float32(0))
