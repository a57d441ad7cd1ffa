"""IoU and DIoU of two boxes, computed one operation after the other as in C."""

from __future__ import annotations

import numpy as np


def overlap(x1: np.float32, w1: np.float32, x2: np.float32, w2: np.float32) -> np.float32:
    """Return the overlap of two intervals, negative if they are disjoint, in float32."""
    half = np.float32(2)
    left = max(x1 - w1 / half, x2 - w2 / half)
    return min(x1 + w1 / half, x2 + w2 / half) - left


def iou_step_by_step(a: np.ndarray, b: np.ndarray) -> float:
    """Return the IoU of two boxes, one operation after the other in float32."""
    w, h = overlap(a[0], a[2], b[0], b[2]), overlap(a[1], a[3], b[1], b[3])
    shared = np.float32(0) if w < 0 or h < 0 else w * h
    union = a[2] * a[3] + b[2] * b[3] - shared
    return 0.0 if shared == 0 or union == 0 else float(shared / union)


def diou_step_by_step(a: np.ndarray, b: np.ndarray, beta: float) -> np.float32:
    """Return the DIoU of two boxes in float32, except for the power, as in C."""
    edges = [np.concatenate((q[:2] - q[2:] / 2, q[:2] + q[2:] / 2)) for q in (a, b)]
    span = np.maximum(*edges)[2:] - np.minimum(*edges)[:2]
    c, d = span[0] * span[0] + span[1] * span[1], (a - b)[:2]
    ratio = np.float32(0) if c == 0 else (d[0] * d[0] + d[1] * d[1]) / c
    return np.float32(iou_step_by_step(a, b)) - np.float32(float(ratio) ** beta)
