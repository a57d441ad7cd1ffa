"""Boxes as float32 rows of centre x, centre y, width, height, and how much two of them overlap."""

from __future__ import annotations

import torch
from torch import Tensor


def cxcywh_to_xyxy(boxes: Tensor) -> Tensor:
    """Turn centre and size [..., 4] into left, top, right, bottom."""
    center, half = boxes[..., :2], boxes[..., 2:] / 2
    return torch.cat((center - half, center + half), -1)


def xyxy_to_cxcywh(boxes: Tensor) -> Tensor:
    """Turn left, top, right, bottom [..., 4] into centre and size."""
    first, last = boxes[..., :2], boxes[..., 2:]
    return torch.cat(((first + last) / 2, last - first), -1)


def iou(a: Tensor, b: Tensor) -> Tensor:
    """Return intersection over union of every pair: [N, 4] and [M, 4] give [N, M].

    Boxes that do not overlap, have no area or are not numbers give 0.

    Darknet: src/box.c box_iou
    """
    shared = intersection(a, b)
    union = area(a)[:, None] + area(b)
    return shared.div_(union.sub_(shared)).nan_to_num_(nan=0.0, posinf=0.0)


def intersection(a: Tensor, b: Tensor) -> Tensor:
    """Return the area that every pair shares: [N, 4] and [M, 4] give [N, M].

    Darknet: src/box.c box_intersection
    """
    a, b = cxcywh_to_xyxy(a), cxcywh_to_xyxy(b)
    across, down = (
        torch.minimum(a[:, None, i + 2], b[:, i + 2])
        .sub_(torch.maximum(a[:, None, i], b[:, i]))
        .clamp_(min=0)
        for i in (0, 1)
    )
    return across.mul_(down)


def area(boxes: Tensor) -> Tensor:
    """Return width times height: [..., 4] gives [...]."""
    return boxes[..., 2] * boxes[..., 3]


def diou(a: Tensor, b: Tensor, beta: float) -> Tensor:
    """Return IoU less (d^2 / c^2) ^ beta of every pair: [N, 4] and [M, 4] give [N, M].

    d is the distance of the centres, c the diagonal of the smallest box around both; IoU alone
    where c is 0. The power is taken in double, all else in float32.

    Darknet: src/box.c box_diou, box_diounms
    """
    apart = (a[:, None, 0] - b[:, 0]).square_() + (a[:, None, 1] - b[:, 1]).square_()
    ratio = apart.div_(squared_diagonal(a, b))
    # 0 / 0 is c = 0: there d is 0 too, and the penalty as well
    return iou(a, b).sub_(ratio.nan_to_num_(nan=0.0).double().pow_(beta).float())


def squared_diagonal(a: Tensor, b: Tensor) -> Tensor:
    """Return the squared diagonal of the smallest box around every pair, [N, M].

    Darknet: src/box.c box_c
    """
    a, b = cxcywh_to_xyxy(a), cxcywh_to_xyxy(b)
    across, down = (
        torch.maximum(a[:, None, i + 2], b[:, i + 2])
        .sub_(torch.minimum(a[:, None, i], b[:, i]))
        .square_()
        for i in (0, 1)
    )
    return across.add_(down)
