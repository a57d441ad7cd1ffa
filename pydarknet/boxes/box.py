"""Boxes as float32 rows of centre x, centre y, width, height, and how much two of them overlap.

Each operation is the C's, in its order, so that the numbers are the same to the last bit; and so
does kernels/nms.cu.
"""

from __future__ import annotations

import numpy as np

LARGEST = np.finfo(np.float32).max


def cxcywh_to_xyxy(boxes: np.ndarray) -> np.ndarray:
    """Turn centre and size [..., 4] into left, top, right, bottom."""
    center, half = boxes[..., :2], boxes[..., 2:] / 2
    return np.concatenate((center - half, center + half), -1)


@np.errstate(all="ignore")
def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return intersection over union of every pair: [N, 4] and [M, 4] give [N, M].

    Boxes that do not overlap, have no area or are not numbers give 0.
    """
    return iou_of(outlines(a)[:, :, None], outlines(b)[:, None])


@np.errstate(all="ignore")
def outlines(boxes: np.ndarray) -> np.ndarray:
    """Return what is compared of boxes [K, 4]: x, y, left, top, right, bottom and area, [7, K]."""
    x, y, w, h = boxes.T
    across, down = w / 2, h / 2
    return np.stack((x, y, x - across, y - down, x + across, y + down, w * h))


def iou_of(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the IoU of outlines [7, ...], pair by pair; the pairs are as numpy broadcasts them.

    Darknet: src/box.c box_iou, box_intersection
    """
    _, _, left, top, right, bottom, area = a
    shared = np.minimum(right, b[4])
    shared -= np.maximum(left, b[2])
    down = np.minimum(bottom, b[5])
    down -= np.maximum(top, b[3])
    np.maximum(shared, 0, out=shared)
    shared *= np.maximum(down, 0, out=down)
    union = np.add(area, b[6], out=down)
    union -= shared
    shared /= union
    if not shared.max(initial=0) <= LARGEST:
        shared[~(shared <= LARGEST)] = 0  # where it is infinite or NaN
    return shared


@np.errstate(all="ignore")
def exceed(a: np.ndarray, b: np.ndarray, threshold: float, beta: float | None) -> np.ndarray:
    """Return which pairs of outlines [7, ...] overlap by more than `threshold`, as a bool each.

    It is their IoU that counts, or with an exponent `beta` their DIoU. That is never more.

    Darknet: src/box.c box_diounms
    """
    limit, measure = np.float32(threshold), iou_of(a, b)
    over = measure > limit
    if beta is not None and over.any():
        some = over.nonzero()
        over[some] = measure[some] - penalty(pick(a[:6], some), pick(b[:6], some), beta) > limit
    return over


def pick(some: np.ndarray, places: tuple[np.ndarray, ...]) -> np.ndarray:
    """Return the numbers [R, P] at places of a shape to which those of [R, ...] are broadcast."""
    sizes = some.shape[1:]  # none where all pairs have one box in common
    at = (place if size > 1 else 0 for place, size in zip(places, sizes, strict=False))
    return some[(slice(None), *at)]


def penalty(a: np.ndarray, b: np.ndarray, beta: float) -> np.ndarray:
    """Return what DIoU is less than IoU, (d^2 / c^2) ^ beta, of pairs of outlines [6, P], no areas.

    d is the distance of the centres, c the diagonal of the smallest box around both; where c is 0,
    so is d. The power is taken in double, all else in float32.

    Darknet: src/box.c box_diou, box_c
    """
    x, y, left, top, right, bottom = a
    across = np.maximum(right, b[4]) - np.minimum(left, b[2])
    down = np.maximum(bottom, b[5]) - np.minimum(top, b[3])
    apart = (x - b[0]) ** 2 + (y - b[1]) ** 2
    ratio = np.fmax(np.minimum(apart / (across**2 + down**2), LARGEST), 0)  # 0 where c is
    return (ratio.astype(np.float64) ** beta).astype(np.float32)
