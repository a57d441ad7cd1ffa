"""The slots of a head with anchors that are responsible for ground-truth boxes, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import torch
import torch.nn.functional as F
from torch import Tensor

from ...layers import Shape
from ...layers.anchor_head import AnchorHead, ForkLosses
from ...modules.transfer import all_on_device
from .iou import IOUS, Box, iou
from .slots import Grid, Slots
from .targets import GroundTruth, cells_of


@dataclass(frozen=True)
class Matches:
    """Slots [K], each with the box [K] and the class [K] that it should predict.

    `turns` are positions among them. In a turn no slot is twice, and the boxes of a slot keep the
    order in which the C has them.
    """

    slots: Slots
    truth: Box
    classes: Tensor
    turns: tuple[Tensor, ...]

    @classmethod
    def of(
        cls, slots: Slots, ground_truth: GroundTruth, row: Tensor, device: torch.device
    ) -> Matches:
        """Match slots with those rows of their images. The arguments are on the CPU."""
        truth = [part[slots.image, row] for part in ground_truth.boxes]
        classes, turns = ground_truth.classes[slots.image, row], slots.turns()
        moved = all_on_device([*slots, *truth, classes, *turns], device)
        return cls(Slots(*moved[:4]), Box(*moved[4:8]), moved[8], tuple(moved[9:]))

    @classmethod
    def where(cls, mask: Tensor, index: Tensor, ground_truth: GroundTruth) -> Matches:
        """Match the slots of a mask with the rows `index`, both [N, anchors, H, W].

        The ground truth is on their device. No slot is twice, so there is one turn at most, and
        nothing waits for a GPU to sort.
        """
        slots = Slots(*mask.nonzero(as_tuple=True))
        row, device = index[tuple(slots)], mask.device
        truth = Box(*(part[slots.image, row] for part in ground_truth.boxes))
        classes = ground_truth.classes[slots.image, row]
        turns = (torch.arange(len(row), device=device),) if len(row) else ()
        return cls(slots, truth, classes, turns)

    def at(self, positions: Tensor) -> Matches:
        """Return some of the matches, without turns."""
        truth = Box(*(part[positions] for part in self.truth))
        return Matches(self.slots.at(positions), truth, self.classes[positions], ())

    def one_hot(self, classes: int) -> Tensor:
        """Return which class each slot should predict, bool [K, classes]."""
        return torch.arange(classes, device=self.classes.device) == self.classes[:, None]

    def __len__(self) -> int:
        return len(self.classes)


def matches_of(
    layer: AnchorHead,
    ground_truth: GroundTruth,
    anchors: Tensor,
    grid: Grid,
    points: Box | None = None,
) -> Matches:
    """Match each box with anchors of a cell: those that are true in `anchors`, bool [N, T, num].

    Anchors that are not in the head's `mask` have no slot. The cell is that of the box's centre,
    or of its point in `points`.

    Darknet: src/yolo_layer.c forward_yolo_layer
    """
    # a mask may name anchors beyond `num`, which match nothing
    masked = F.pad(anchors, (0, max(0, max(layer.mask) + 1 - layer.num)))[..., layer.mask]
    # of an anchor that a mask names twice the C finds the first (int_index)
    first = torch.tensor([layer.mask.index(anchor) == i for i, anchor in enumerate(layer.mask)])
    usable = ground_truth.usable[..., None]
    image, row, anchor = (masked & first & usable).nonzero(as_tuple=True)
    rows, columns = cells_of(points or ground_truth.boxes, grid.width, grid.height)
    slots = Slots(image, anchor, rows[image, row], columns[image, row])
    return Matches.of(slots, ground_truth, row, grid.device)


def best_anchors(layer: AnchorHead, ground_truth: GroundTruth, size: Shape) -> Tensor:
    """Return which of all anchors is most like each box in its sides, bool [N, T, num].

    The first of equals counts, whether in the mask or not.

    Darknet: src/yolo_layer.c forward_yolo_layer
    """
    best = iou(*concentric_boxes(layer, ground_truth, size)).argmax(2, keepdim=True)
    return torch.arange(layer.num) == best


def responsible_anchors(layer: ForkLosses, ground_truth: GroundTruth, size: Shape) -> Tensor:
    """Return the best anchors, and with `iou_thresh` below 1 all whose overlap exceeds it.

    Darknet: src/yolo_layer.c process_batch (AlexeyAB)
    """
    assert isinstance(layer, AnchorHead)
    best = best_anchors(layer, ground_truth, size)
    if layer.iou_thresh >= 1:
        return best
    overlap = IOUS[layer.iou_thresh_kind](*concentric_boxes(layer, ground_truth, size))
    return best | (overlap > layer.iou_thresh)


def concentric_boxes(layer: AnchorHead, ground_truth: GroundTruth, size: Shape) -> tuple[Box, Box]:
    """Return anchors [num] and true boxes [N, T, 1], all with their centre in one point."""
    w, h = torch.tensor([*chain(*layer.sizes(layer.num))]).view(-1, 2).unbind(1)
    zero, boxes = torch.zeros(()), ground_truth.boxes
    anchors = Box(zero, zero, w / size.w, h / size.h)
    return anchors, Box(zero, zero, boxes.w[..., None], boxes.h[..., None])


def average_box_deltas(
    delta: Tensor, matched: Sequence[Matches], boxes: int, objectness: int | None
) -> None:
    """Divide the box deltas of matched slots, their first `boxes` entries, in place.

    The divisor is how many classes a slot should predict, that is whose delta is positive. With
    the index of `objectness` given, slots whose objectness has no delta are left out.

    Darknet: src/yolo_layer.c averages_yolo_deltas (AlexeyAB)
    Quirk: AVERAGED_BOXES
    """
    mask = torch.zeros_like(delta[:, :, 0], dtype=torch.bool)  # [N, anchors, H, W]
    for matches in matched:
        mask[tuple(matches.slots)] = True
    index = Slots(*mask.nonzero(as_tuple=True)).entries
    values = delta[index]  # [K, entries]
    first_class = boxes + 1
    count = (values[:, first_class:] > 0).sum(1, keepdim=True).clamp(min=1)
    if objectness is not None:
        count = torch.where(values[:, objectness, None] != 0, count, 1)
    values[:, :boxes] /= count
    delta[index] = values
