"""Detections of one image, ranked by score and matched with its ground truth."""

from __future__ import annotations

import numpy as np

from pydarknet.evaluate.ground_truth import GroundTruth
from pydarknet.evaluate.matched_dataset import MatchedDataset
from pydarknet.evaluate.matching import Matches


def matched_dataset(
    rows: list[tuple[float, int, int]], truths: list[int], names: str = "ab"
) -> MatchedDataset:
    """Return a matched dataset of detections (score, class, truth) of one image, with IoU 0.75."""
    table = np.array(rows, np.float64).reshape(-1, 3)
    count = len(rows)
    return MatchedDataset(
        paths=("a.png",),
        names=tuple(names),
        sizes=np.array([[8, 8]]),
        truths=GroundTruth.of([(index, 0.5, 0.5, 1, 1) for index in truths]),
        owners=np.zeros(len(truths), np.int64),
        matches=Matches(
            scores=table[:, 0].astype(np.float32),
            classes=table[:, 1].astype(np.int64),
            images=np.zeros(count, np.int64),
            truths=table[:, 2].astype(np.int64),
            overlaps=np.where(table[:, 2] < 0, 0, 0.75).astype(np.float32),
            boxes=np.zeros((count, 4), np.float32),
            difficult=np.zeros(count, bool),
        ),
        iou_thresh=0.5,
    )


# True, false and true positive of three boxes: precision 1, 1/2, 2/3 at recall 1/3, 1/3, 2/3.
RANKED = [(0.9, 0, 0), (0.8, 0, -1), (0.7, 0, 1)]
