"""The ground truth of a mini-batch as a head with anchors reads it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import Tensor

from ...cfg.numbers import integer
from ...layers import Layer
from ...modules.transfer import all_on_device
from ...system.text import read_text
from .base import LossInputs
from .iou import Box


@dataclass(frozen=True)
class GroundTruth:
    """Rows [N, T, 5 or more], and their classes [N, T], as `map` has them: read on the CPU.

    Rows that are not `usable` [N, T] count for nothing.
    """

    rows: Tensor
    classes: Tensor
    usable: Tensor

    @property
    def boxes(self) -> Box:
        """Boxes [N, T]; those that are not usable have no area, so they overlap nothing."""
        return Box(*(self.rows[..., :4] * self.usable[..., None]).unbind(2))

    def on(self, device: torch.device) -> GroundTruth:
        """Return the same on a device."""
        return GroundTruth(*all_on_device([self.rows, self.classes, self.usable], device))

    def without(self, images: Tensor) -> GroundTruth:
        """Return the ground truth without that of some images, bool [N]."""
        return replace(self, usable=self.usable & ~images[:, None])

    @property
    def indices(self) -> tuple[Tensor, Tensor]:
        """Image [K] and row [K] of each usable box, in the order of the C."""
        image, row = self.usable.nonzero(as_tuple=True)
        return image, row


def ground_truth_of(
    inputs: LossInputs,
    layer: Layer,
    classes: int,
    *,
    most: int,
    place: int = 4,
    map: str | None = None,
) -> GroundTruth:
    """Return the ground truth of a head that has `classes`, at most `most` boxes per image.

    `place` is the index of the class in a row. The file `map` may turn that class into another.
    Boxes of a class that the head does not have are not usable.

    Darknet: src/yolo_layer.c forward_yolo_layer
    Quirk: CLASS_OUT_OF_RANGE
    """
    rows = inputs.rows[:, :most]
    if rows.shape[-1] <= place:
        raise layer.error(
            f"reads ground truth of {place + 1} numbers per box: got {rows.shape[-1]}"
        )
    named = rows[..., place].long()  # [N, T]
    meant = named if map is None else mapped_classes(layer, map, named)
    used = (rows[..., 0] != 0).cumprod(1).bool()  # the C stops at the first row whose x is 0
    usable = used & (named >= 0) & (named < classes) & (meant >= 0) & (meant < classes)
    return GroundTruth(rows, meant.clamp(0, max(classes - 1, 0)), usable)


def mapped_classes(layer: Layer, name: str, classes: Tensor) -> Tensor:
    """Return the classes to which a map file maps these; -1 beyond its end. An empty one is none.

    Darknet: src/utils.c read_map
    """
    lines = read_map(str(layer.section.file(name)))
    if not lines:
        return classes
    listed = torch.tensor([*lines, -1])
    return listed[classes.clamp(-1, len(lines))]


@cache
def read_map(path: str) -> tuple[int, ...]:
    """Return the number on each line of a file; the last line needs no newline."""
    text = read_text(path, "a map of classes")
    lines = text.removesuffix("\n").split("\n") if text else []
    return tuple(integer(line.lstrip(), strict=False) for line in lines)


def cells_of(points: Box, width: int, height: int) -> tuple[Tensor, Tensor]:
    """Return row and column of the cells that points lie in; of points outside, the nearest cell.

    Quirk: TRUTH_ON_THE_BORDER
    """
    column = (points.x * width).long().clamp(0, width - 1)
    row = (points.y * height).long().clamp(0, height - 1)
    return row, column
