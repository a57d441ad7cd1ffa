"""Weighted boxes fusion: the boxes that several networks find of an object become one.

This file needs no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .box import iou_of, outlines
from .box_arrays import BoxArrays
from .settings import Settings

OVERLAP = 0.55  # above it, boxes are of one object
WEAKEST = 0.001  # members give what exceeds it, or the threshold of the call if that is less


def members_settings(chosen: Settings) -> Settings:
    """Return the settings of each member: a weak box of one may confirm a good one of another."""
    thresh = min(chosen.decoding.thresh, WEAKEST)
    return replace(chosen, decoding=replace(chosen.decoding, thresh=thresh))


def fuse(members: Sequence[BoxArrays], thresh: float) -> BoxArrays:
    """Return the fused boxes of an image whose scores exceed `thresh`, the best first.

    `members` are what each network found. In the order of their scores, boxes join the fused box of
    their class that they overlap most, if by more than OVERLAP; else they begin one. A fused box is
    the mean of its boxes, weighted by their scores. Its score is their mean score, times the share
    of the networks that found it: as many as it has boxes, but not more than there are. A box of
    several classes counts as one of each.

    Solovyev et al., Weighted boxes fusion, arXiv 1910.13302
    """
    every = BoxArrays.cat(members)
    parts = [
        fuse_class(every.boxes[rows], every.probabilities[rows, kind], len(members))
        for kind in range(every.probabilities.shape[1])
        for rows in [np.flatnonzero(every.probabilities[:, kind] > 0)]
    ]
    boxes = np.concatenate([boxes for boxes, _ in parts])
    scores = np.concatenate([scores for _, scores in parts]).astype(np.float32)
    kinds = np.repeat(np.arange(len(parts)), [len(scores) for _, scores in parts])
    order = (-scores).argsort(kind="stable")
    order = order[scores[order] > np.float32(thresh)]
    probabilities = np.zeros((len(order), len(parts)), np.float32)
    probabilities[np.arange(len(order)), kinds[order]] = scores[order]
    return BoxArrays(
        boxes[order].astype(np.float32), scores[order], probabilities, names=members[0].names
    )


@np.errstate(all="ignore")
def fuse_class(
    boxes: np.ndarray, scores: np.ndarray, members: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the fused boxes [M, 4] and scores [M] of one class's boxes [K, 4] and scores [K]."""
    order = (-scores).argsort(kind="stable")
    boxes, scores = boxes[order].astype(np.float64), scores[order].astype(np.float64)
    lines = outlines(boxes)  # [7, K]; from here on of the fused boxes, `count` so far
    fused, sums = np.zeros_like(lines), np.zeros_like(boxes)
    total, sizes = np.zeros(len(boxes)), np.zeros(len(boxes), np.int64)
    count = 0
    for row, (box, score) in enumerate(zip(boxes, scores, strict=True)):
        overlap = iou_of(fused[:, :count], lines[:, row, None])
        place = int(overlap.argmax()) if count else 0
        if not count or not overlap[place] > OVERLAP:
            place = count
            count += 1
        sums[place] += score * box
        total[place] += score
        sizes[place] += 1
        fused[:, place] = outlines(sums[place : place + 1] / total[place])[:, 0]
    share = np.minimum(sizes, members) / members
    mean = total[:count] / sizes[:count]
    return sums[:count] / total[:count, None], mean * share[:count]
