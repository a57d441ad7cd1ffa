"""The slots of a head with anchors: each image, anchor and cell has one, and a box in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import torch
from torch import Tensor

from ...modules.parameters import constant
from .iou import Box, iou

PAIRS_AT_ONCE: Final = 2**20  # of predicted and true boxes, which bounds memory


class Slots(NamedTuple):
    """Some slots of a head [N, anchors, entries, H, W]: four int64 tensors [K]."""

    image: Tensor
    anchor: Tensor
    row: Tensor
    column: Tensor

    @property
    def entries(self) -> tuple[Tensor, Tensor, slice, Tensor, Tensor]:
        """The index of the slots' entries, [K, entries], in a head [N, anchors, entries, H, W]."""
        return self.image, self.anchor, slice(None), self.row, self.column

    def at(self, positions: Tensor) -> Slots:
        """Return some of the slots."""
        return Slots(*(part[positions] for part in self))

    def turns(self) -> Iterator[Tensor]:
        """Yield positions turn by turn: in a turn no slot is twice, and the first come first.

        The C writes box by box, and a later box reads what earlier ones wrote into its slot. Boxes
        of different slots are independent, so a turn can be written at once.
        """
        if not len(self.image):
            return
        order = sort_order(*self)
        ordered = torch.stack(self)[:, order]  # [4, K], equal slots side by side
        count = torch.arange(len(order))
        new = torch.ones(len(order), dtype=torch.bool)
        new[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(0)
        turn = torch.empty_like(order)
        # how far each stands behind the first of its slot
        turn[order] = count - torch.where(new, count, 0).cummax(0).values
        for number in range(int(turn.max()) + 1):
            yield (turn == number).nonzero()[:, 0]


def sort_order(*keys: Tensor) -> Tensor:
    """Return the positions that sort by keys, the first key foremost; equals keep their order."""
    order = torch.arange(len(keys[0]))
    for key in reversed(keys):
        order = order[torch.argsort(key[order], stable=True)]
    return order


@dataclass(frozen=True)
class Grid:
    """A head's output: values [N, anchors, entries, H, W], and the data to decode them to boxes.

    `anchors` [anchors, 2] are widths and heights in 0..1 of the image. `sides` turns the entries of
    width and height into factors of the anchor.
    """

    values: Tensor
    anchors: Tensor
    sides: Callable[[Tensor], Tensor]

    @classmethod
    def of(
        cls,
        values: Tensor,
        anchors: Sequence[Sequence[float]],
        size: tuple[int, int],
        sides: Callable[[Tensor], Tensor],
    ) -> Grid:
        """Return the grid of a head; `size` is the image's, in the units of the anchors."""
        shares = constant(tuple(map(tuple, anchors)), values) / constant(size, values)
        return cls(values, shares, sides)

    @property
    def device(self) -> torch.device:
        """Where the output is."""
        return self.values.device

    @property
    def width(self) -> int:
        """The number of cells in a row."""
        return self.values.shape[4]

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.values.shape[3]

    def boxes(self, entries: tuple[int, int, int, int] = (0, 1, 2, 3)) -> Box:
        """Return the predicted boxes of all slots, [N, anchors, H, W].

        Darknet: src/yolo_layer.c get_yolo_box
        """
        column = torch.arange(self.width, device=self.device)  # [W]
        row = torch.arange(self.height, device=self.device)[:, None]  # [H, 1]
        w, h = self.anchors[:, :, None, None].unbind(1)  # [anchors, 1, 1]
        return self.decode(Box(*(self.values[:, :, i] for i in entries)), column, row, w, h)

    def boxes_at(self, slots: Slots, entries: tuple[int, int, int, int] = (0, 1, 2, 3)) -> Box:
        """Return the predicted boxes of some slots, [K]."""
        w, h = self.anchors[slots.anchor].unbind(1)
        values = self.values[slots.entries]
        return self.decode(Box(*(values[:, i] for i in entries)), slots.column, slots.row, w, h)

    def decode(self, entries: Box, column: Tensor, row: Tensor, w: Tensor, h: Tensor) -> Box:
        """Return boxes in 0..1 of the image from entries, their cells and their anchors' sides."""
        return Box(
            (column + entries.x) / self.width,
            (row + entries.y) / self.height,
            self.sides(entries.w) * w,
            self.sides(entries.h) * h,
        )

    def targets(
        self, truth: Box, slots: Slots, inverse_sides: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """Return the entries [K, 4] that would decode to the ground truth: the inverse of `decode`.

        Darknet: src/yolo_layer.c delta_yolo_box
        """
        w, h = self.anchors[slots.anchor].unbind(1)
        return torch.stack(
            (
                truth.x * self.width - slots.column,
                truth.y * self.height - slots.row,
                inverse_sides(truth.w / w),
                inverse_sides(truth.h / h),
            ),
            1,
        )


def best_ious(predicted: Box, truth: Box) -> tuple[Tensor, Tensor]:
    """Return the IoU of boxes [N, anchors, H, W] with their best of truth [N, T], and its index.

    The first of equally good ones counts; it is 0 of index 0 where nothing overlaps.

    Darknet: src/yolo_layer.c forward_yolo_layer
    """
    best = torch.zeros_like(predicted.x)
    index = torch.zeros_like(best, dtype=torch.int64)
    boxes = Box(*(part[:, None] for part in predicted))  # [N, 1, anchors, H, W]
    count = max(1, PAIRS_AT_ONCE // best.numel())
    for first in range(0, truth.x.shape[1], count):
        some = Box(*(part[:, first : first + count, None, None, None] for part in truth))
        overlap, place = iou(boxes, some).max(1)
        index = torch.where(overlap > best, place + first, index)
        best = torch.maximum(overlap, best)
    return best, index
