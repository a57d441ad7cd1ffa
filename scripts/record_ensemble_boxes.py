#!/usr/bin/env python3
"""Record what the package ensemble-boxes leaves of random boxes: soft suppression and fusion.

pip install ensemble-boxes==1.0.9, into an environment of its own: it brings numba and pandas.
Usage: python scripts/record_ensemble_boxes.py tests/reference/ensemble_boxes
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
from ensemble_boxes.ensemble_boxes_nms import cpu_soft_nms_float
from ensemble_boxes.ensemble_boxes_wbf import weighted_boxes_fusion

SETS = 1000
MOST = 12  # boxes of a set; some have none
CLASSES = 3
UNIT = 4096  # corners are multiples of 1 / UNIT, scores of 1 / 65536
OVERLAP = 0.45
SIGMA = 0.5
FUSED = 0.55


def random_set(numbers: np.random.Generator) -> dict[str, np.ndarray]:
    """Return boxes around few objects: corners [K, 4], scores, classes and models [K]."""
    count = int(numbers.integers(0, MOST + 1))
    objects = numbers.uniform(0.2, 0.8, (3, 2)), numbers.uniform(0.1, 0.4, (3, 2))
    which = numbers.integers(0, 3, count)
    centre = objects[0][which] + numbers.normal(0, 0.02, (count, 2))
    half = objects[1][which] * numbers.uniform(0.8, 1.25, (count, 2)) / 2
    corners = np.concatenate((centre - half, centre + half), 1).clip(0, 1)
    scores = numbers.choice(65535, count, replace=False)
    scores = np.where(numbers.random(count) < 0.1, scores % 100, scores) + 1
    return {
        "corners": (corners * (UNIT - 1)).astype(np.uint16),
        "scores": scores.astype(np.uint16),
        "classes": (which % CLASSES * (numbers.random(count) < 0.9)).astype(np.uint8),
        "models": numbers.integers(0, 3, count).astype(np.uint8),
    }


def soft_scores(given: dict[str, np.ndarray], method: int) -> np.ndarray:
    """Return the lowered scores [K] of a set, 0 of boxes that are left out."""
    corners, scores = given["corners"] / UNIT, given["scores"] / 65536
    left = np.zeros(len(scores))
    for kind in range(CLASSES):
        own = np.flatnonzero(given["classes"] == kind)
        if not len(own):
            continue
        lowered = scores[own].copy()  # the function lowers what it is given
        keep = cpu_soft_nms_float(
            corners[own].copy(), lowered, Nt=OVERLAP, sigma=SIGMA, thresh=0.001, method=method
        )
        left[own[keep]] = lowered[lowered > 0.001]
    return left.astype(np.float32)


def fused(given: dict[str, np.ndarray]) -> np.ndarray:
    """Return rows [M, 6] of fused boxes: corners, score, class."""
    own = [given["models"] == model for model in range(3)]
    parts = [
        [array[some] for some in own]
        for array in (given["corners"] / UNIT, given["scores"] / 65536, given["classes"])
    ]
    boxes, scores, labels = weighted_boxes_fusion(*parts, iou_thr=FUSED, skip_box_thr=0.0)
    return np.column_stack((boxes, scores, labels)).astype(np.float32)


def main() -> None:
    """Write two files into the folder that is named."""
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    numbers = np.random.default_rng(20)
    sets = [random_set(numbers) for _ in range(SETS)]
    arrays = {key: np.concatenate([one[key] for one in sets]) for key in sets[0]}
    arrays["counts"] = np.array([len(one["scores"]) for one in sets], np.uint8)
    soft = {
        name: np.concatenate([soft_scores(one, method) for one in sets])
        for name, method in (("softnms", 1), ("softnms_gaussian", 2))
    }
    warnings.simplefilter("error")  # of boxes that the package would change first
    rows = [fused(one) for one in sets]
    counts = np.array([len(one) for one in rows], np.uint8)
    np.savez_compressed(folder / "sets.npz", **arrays)
    np.savez_compressed(folder / "soft.npz", **soft)
    np.savez_compressed(folder / "fusion.npz", rows=np.concatenate(rows), counts=counts)


if __name__ == "__main__":
    main()
