"""What the losses of heads over maps share: ground truth in pixels, and the line of the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from ...layers.map_head import MapHead
from .base import LossInputs
from .iou import Box, ciou, diou, giou, iou
from .simota import Truth
from .targets import ground_truth_of

Measure = Callable[[Box, Box], Tensor]
MEASURES: Final[dict[str, Measure]] = {  # of `iou_loss=`, whose difference from 1 is the loss
    "iou2": lambda a, b: iou(a, b).square(),
    "iou": iou,
    "giou": giou,
    "diou": diou,
    "ciou": ciou,
}


def truth_of(
    layer: MapHead, inputs: LossInputs, size: tuple[int, int], device: torch.device
) -> Truth:
    """Return the ground truth of a mini-batch in pixels of the network's input of this size."""
    rows = ground_truth_of(inputs, layer, layer.classes, most=layer.max).on(device)
    x, y, w, h = rows.boxes
    across, down = size
    return Truth(Box(x * across, y * down, w * across, h * down), rows.classes, rows.usable)


def log_line(name: str, index: int, count: int, figures: Tensor) -> str:
    """Return a line in the words of the fork's heads, which parsers of its logs know.

    `figures` [3] are the mean IoU of the boxes that were learned, the loss of their classes, and
    the loss of the boxes.
    """
    overlap, classes, boxes = figures.tolist()
    return (
        f"{name} {index} Avg (IOU: {overlap:f}), count: {count},"
        f" class_loss = {classes:f}, iou_loss = {boxes:f},"
        f" total_loss = {classes + boxes:f} "
    )
