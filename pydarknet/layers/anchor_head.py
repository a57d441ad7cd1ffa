"""What detection heads with anchors share: options, anchors, and logistic activations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import torch
from torch import Tensor

from ..boxes.rule import KINDS, OURS
from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value
from ..modules.parameters import constant
from ..system.limits import FLT_MAX
from ..system.text import count_of
from .base import Shape
from .detection_head import (
    MOST_ANCHORS,
    Channels,
    DetectionHead,
    FocalOptions,
    Run,
    SuppressionOptions,
    check_anchors,
)

IOU_KINDS: Final = {"iou": 0, "giou": 1, "mse": 2, "diou": 3, "ciou": 4}
IOU_LOSSES: Final = {**IOU_KINDS, "iou2": 5}


@dataclass(frozen=True, kw_only=True)
class AnchorHead(FocalOptions, DetectionHead):
    """A head with a box per cell for each anchor of `mask`: `values` numbers, then classes."""

    image = True
    values: ClassVar[int]  # numbers per box besides its classes

    classes: int = option(20, least=0)
    num: int = option(1, least=1, most=MOST_ANCHORS)
    mask: tuple[int, ...] = quiet(lambda o: tuple(range(o.num)), least=0)
    anchors: tuple[float, ...] = quiet(())
    jitter: float = option(0.2, least=0, below=1)
    ignore_thresh: float = option(0.5, least=0, most=1)
    truth_thresh: float = option(1.0, least=0)
    random: float = quiet(0.0, least=0, most=1000)
    map: str | None = quiet(None)
    neg_ratio: float = quiet(0.0, least=0, live=False)

    def check(self) -> None:
        known = max(self.num, len(self.anchors) // 2)
        for index in self.mask:
            if index >= known:
                raise self.error(f"mask names anchor {index}: expected one of {known}, from 0")
        check_anchors(self, self.anchor_sizes, len(self.anchors), max(self.mask) + 1)

    @property
    def boxes(self) -> int:
        return len(self.mask)

    @property
    def anchor_sizes(self) -> tuple[tuple[float, float], ...]:
        """The width and height of the mask's anchors, in pixels of the network's input.

        Quirk: MISSING_ANCHORS
        """
        sizes = self.sizes(max(self.mask) + 1)
        return tuple(sizes[i] for i in self.mask)

    def sizes(self, count: int) -> tuple[tuple[float, float], ...]:
        """Return the width and height of the first anchors, in the mask or not.

        Quirk: MISSING_ANCHORS
        """
        listed = (*self.anchors, *(0.5,) * 2 * count)
        return tuple((listed[2 * i], listed[2 * i + 1]) for i in range(count))

    @property
    def class_channels(self) -> tuple[Channels, ...]:
        each = self.values + self.classes
        return (tuple(Run(box * each + self.values) for box in range(self.boxes)),)

    def shape(self, *inputs: Shape) -> Shape:
        x, n = inputs[0], len(self.mask)
        needed = n * (self.values + self.classes)
        if x.c != needed:
            raise self.error(
                f"{count_of(n, 'anchor')} and {count_of(self.classes, 'class', 'classes')}"
                f" need {needed} channels, the layer before gives {x.c}",
                hint="filters of the [convolutional] before must be"
                f" anchors * (classes + {self.values})",
            )
        return x


@dataclass(frozen=True)
class Cells:
    """The boxes above the threshold of N images: their values, columns, rows and anchors.

    `counts` [N] are the boxes per image, `values` [K, entries] their values. `column` and `row`
    are [K, 1], in a map of `width` x `height` cells. `anchors` [K, 2] are in pixels of the
    network's input.
    """

    counts: Tensor
    values: Tensor
    column: Tensor
    row: Tensor
    width: int
    height: int
    anchors: Tensor

    def centres(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return centres in 0..1 of the image, from places [K, 1] in their cells."""
        return (self.column + x) / self.width, (self.row + y) / self.height


def cells_above(
    outputs: Tensor, anchors: tuple[tuple[float, float], ...], objectness: int, thresh: float
) -> Cells:
    """Return the boxes whose objectness exceeds the threshold: cell by cell, anchor by anchor.

    `outputs` are [N, anchors * entries, H, W].

    Darknet: src/yolo_layer.c get_yolo_detections
    """
    boxes = outputs.unflatten(1, (len(anchors), -1)).permute(0, 3, 4, 1, 2)
    seen = boxes[..., objectness] > thresh  # [N, H, W, anchors]
    image, row, column, index = seen.nonzero(as_tuple=True)
    return Cells(
        seen.sum((1, 2, 3)),
        boxes[image, row, column, index],
        column[:, None],
        row[:, None],
        seen.shape[2],
        seen.shape[1],
        constant(anchors, outputs)[index],
    )


def unmirror(outputs: Tensor, boxes: int) -> Tensor:
    """Convert outputs [N, boxes * entries, H, W] for mirror images to those for the images.

    Darknet: src/yolo_layer.c avg_flipped_yolo, src/region_layer.c get_region_detections
    """
    turned = outputs.unflatten(1, (boxes, -1)).flip(-1).clone()
    turned[:, :, 0] = mirrored_place(turned[:, :, 0])
    return turned.flatten(1, 2)


def mirrored_place(x: Tensor) -> Tensor:
    """Return the place in its cell, in 0..1, of the centre of a mirrored box.

    Darknet: src/yolo_layer.c avg_flipped_yolo
    Quirk: VALID2_MIRROR
    """
    return 1 - x


@dataclass(frozen=True, kw_only=True)
class ForkLosses(SuppressionOptions):
    """The options of the fork's losses and non-maximum suppression, which two heads have."""

    label_smooth_eps: float = quiet(0.0, least=0, most=1)
    scale_x_y: float = quiet(1.0, above=0)
    objectness_smooth: bool = quiet(False)
    iou_normalizer: float = quiet(0.75, least=0)
    obj_normalizer: float = quiet(1.0, least=0)
    cls_normalizer: float = quiet(1.0, least=0)
    delta_normalizer: float = quiet(1.0, least=0)
    iou_loss: str = quiet("mse", choices=IOU_LOSSES, otherwise="iou", live_words={"iou2": "iou"})
    iou_thresh_kind: str = quiet("iou", choices=IOU_KINDS, otherwise="iou")
    iou_thresh: float = quiet(1.0, least=-1)
    beta_nms: float = quiet(0.6, least=0)
    nms_kind: str = quiet(
        "default", choices=KINDS, otherwise="default", live_words=dict.fromkeys(OURS, "default")
    )
    resize: float = quiet(1.0, above=0, least=0.1, most=10)
    max_delta: float = quiet(FLT_MAX, above=0)
    counters_per_class: tuple[int, ...] = quiet((), stop="#", least=0)

    def stdout_text(self) -> str:
        if self.nms_kind == "default":
            return ""
        return f"nms_kind: {self.nms_kind} ({KINDS[self.nms_kind]}), beta = {self.beta_nms:f} \n"

    @property
    def losses(self) -> str:
        """The part of the row about the losses."""
        return (
            f"iou loss: {self.iou_loss} ({IOU_LOSSES[self.iou_loss]}),"
            f" iou_norm: {self.iou_normalizer:2.2f}, obj_norm: {self.obj_normalizer:2.2f},"
            f" cls_norm: {self.cls_normalizer:2.2f}, delta_norm: {self.delta_normalizer:2.2f}"
        )


def activate_entries(
    boxes: Tensor, keep: tuple[int, ...], places: tuple[int, ...], scale: float
) -> Tensor:
    """Apply the logistic to all entries but `keep`, and scale `places` about 0.5.

    `boxes` are [N, anchors, entries, H, W].

    Darknet: src/yolo_layer.c forward_yolo_layer
    """
    return stretch(torch.sigmoid(boxes).index_copy(2, *entries(boxes, keep)), places, scale)


def entries(boxes: Tensor, which: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Return the indices of some entries and their values."""
    index = constant(which, boxes, torch.int64)
    return index, boxes.index_select(2, index)


def stretch(boxes: Tensor, places: tuple[int, ...], scale: float) -> Tensor:
    """Return boxes in which an x of `places` becomes x * scale - (scale - 1) / 2.

    Darknet: src/blas.c scal_add_cpu (AlexeyAB)
    """
    if scale == 1:
        return boxes
    index, values = entries(boxes, places)
    return boxes.index_copy(2, index, values * scale - 0.5 * (scale - 1))


def onnx_activated(
    boxes: Value,
    keep: tuple[int, ...],
    places: tuple[int, ...],
    scale: float,
    logistic: bool = True,
) -> Value:
    """Write what `activate_entries` does, or without the logistic what `stretch` does.

    Neighbouring entries that are treated alike are one part.
    """

    def treat(entry: int) -> tuple[bool, bool]:
        return logistic and entry not in keep, entry in places

    parts, start, count = [], 0, int(boxes.shape[2])
    for entry in range(1, count + 1):
        if entry < count and treat(entry) == treat(start):
            continue
        part, (squash, stretched) = boxes.take(2, start, entry), treat(start)
        part = part.sigmoid() if squash else part
        parts.append(part * scale - 0.5 * (scale - 1) if stretched else part)
        start = entry
    return boxes.writer.concat(2, *parts)


def onnx_cells(x: Value, anchors: int) -> Value:
    """Write [N, anchors * entries, H, W] as [N, H * W * anchors, entries]."""
    c, h, w = map(int, x.shape[1:])
    apart = x.reshape(anchors, c // anchors, h * w).transpose(0, 3, 1, 2)
    return apart.reshape(h * w * anchors, c // anchors)


def onnx_centres(places: Value, w: int, h: int, anchors: int) -> Value:
    """Write centres in 0..1 of the network's input, from places [N, H * W * anchors, 2]."""
    rows, columns, _ = np.meshgrid(*map(np.arange, (h, w, anchors)), indexing="ij")
    corners = np.stack((columns, rows), -1).reshape(1, -1, 2)
    return (places + places.writer.constant(corners, "cells")) / places.writer.constant([w, h])


def onnx_sides(
    factors: Value, anchors: tuple[tuple[float, float], ...], unit: tuple[int, int]
) -> Value:
    """Write sides in 0..1 of the network's input, which is `unit` wide and high for the anchors."""
    cells = int(factors.shape[1]) // len(anchors)
    each = np.tile(np.array(anchors) / np.array(unit), (cells, 1))[None]
    return factors * factors.writer.constant(each, "anchors")
