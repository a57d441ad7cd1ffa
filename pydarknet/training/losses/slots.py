"""Where a head predicts boxes: all its slots at once, or the slots that truths are given to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import torch
from torch import Tensor

from .iou import Box, iou

PAIRS_AT_ONCE: Final = 2**20


class Slots(NamedTuple):
    """Some slots of a head [N, anchors, entries, H, W]: four int64 tensors [K]."""

    image: Tensor
    anchor: Tensor
    row: Tensor
    column: Tensor

    @property
    def entries(self) -> tuple[Tensor, Tensor, slice, Tensor, Tensor]:
        """What indexes a head [N, anchors, entries, H, W] to give the slots' entries."""
        return self.image, self.anchor, slice(None), self.row, self.column

    def at(self, positions: Tensor) -> Slots:
        """Return some of the slots."""
        return Slots(*(part[positions] for part in self))

    def to(self, device: torch.device) -> Slots:
        """Return the slots on a device."""
        return Slots(*(part.to(device, non_blocking=True) for part in self))

    def turns(self) -> Iterator[Tensor]:
        """Yield positions of slots so that in a turn none comes twice, the first comers first.

        The C works truth by truth, and later ones see what earlier ones left in their slot.
        """
        if not len(self.image):
            return
        order = sorted_by(*self)
        here = torch.stack(self)[:, order]
        count = torch.arange(len(order))
        new = torch.ones(len(order), dtype=torch.bool)
        new[1:] = (here[:, 1:] != here[:, :-1]).any(0)
        turn = torch.empty_like(order)
        turn[order] = count - torch.where(new, count, 0).cummax(0).values
        for number in range(int(turn.max()) + 1):
            yield (turn == number).nonzero()[:, 0]


def sorted_by(*keys: Tensor) -> Tensor:
    """Return the positions that sort by keys, the first of them foremost; equals keep order."""
    order = torch.arange(len(keys[0]))
    for key in reversed(keys):
        order = order[torch.argsort(key[order], stable=True)]
    return order


@dataclass(frozen=True)
class Grid:
    """A head's output as boxes: values [N, anchors, entries, H, W], and what decodes them.

    `anchors` are [anchors, 2] widths and heights in 0..1 of the image; `sides` makes factors of
    them from what the head gives.
    """

    values: Tensor
    anchors: Tensor
    sides: Callable[[Tensor], Tensor]

    @property
    def width(self) -> int:
        """How many cells are in a row."""
        return self.values.shape[4]

    @property
    def height(self) -> int:
        """How many rows there are."""
        return self.values.shape[3]

    def boxes(self, entries: tuple[int, int, int, int] = (0, 1, 2, 3)) -> Box:
        """Return the predicted boxes of all slots, [N, anchors, H, W].

        Darknet: src/yolo_layer.c get_yolo_box
        """
        column = torch.arange(self.width, device=self.values.device)
        row = torch.arange(self.height, device=self.values.device)[:, None]
        w, h = self.anchors[:, :, None, None].unbind(1)
        return self.decoded(Box(*(self.values[:, :, i] for i in entries)), column, row, w, h)

    def boxes_at(self, slots: Slots, entries: tuple[int, int, int, int] = (0, 1, 2, 3)) -> Box:
        """Return the predicted boxes of some slots, [K]."""
        w, h = self.anchors[slots.anchor].unbind(1)
        values = self.values[slots.entries]
        told = Box(*(values[:, i] for i in entries))
        return self.decoded(told, slots.column, slots.row, w, h)

    def decoded(self, told: Box, column: Tensor, row: Tensor, w: Tensor, h: Tensor) -> Box:
        """Return boxes in 0..1 of the image from what the head tells of them."""
        return Box(
            (column + told.x) / self.width,
            (row + told.y) / self.height,
            self.sides(told.w) * w,
            self.sides(told.h) * h,
        )

    def targets(self, truth: Box, slots: Slots, unsides: Callable[[Tensor], Tensor]) -> Tensor:
        """Return what the slots should tell of their truths, [K, 4]."""
        w, h = self.anchors[slots.anchor].unbind(1)
        return torch.stack(
            (
                truth.x * self.width - slots.column,
                truth.y * self.height - slots.row,
                unsides(truth.w / w),
                unsides(truth.h / h),
            ),
            1,
        )


def best_overlaps(predicted: Box, truths: Box) -> tuple[Tensor, Tensor]:
    """Return the IoU of boxes [N, anchors, H, W] with their best truth of [N, T], and which it is.

    The first of equally good truths counts; 0 and the first where nothing overlaps.

    Darknet: src/yolo_layer.c forward_yolo_layer
    """
    best = torch.zeros_like(predicted.x)
    which = torch.zeros_like(best, dtype=torch.int64)
    boxes = Box(*(side[:, None] for side in predicted))
    count = max(1, PAIRS_AT_ONCE // best.numel())
    for first in range(0, truths.x.shape[1], count):
        part = Box(*(side[:, first : first + count, None, None, None] for side in truths))
        found, index = iou(boxes, part).max(1)
        which = torch.where(found > best, index + first, which)
        best = torch.maximum(found, best)
    return best, which
