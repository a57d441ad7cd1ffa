"""Which slots of a head with anchors learn which truths, and in what order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import torch
import torch.nn.functional as F
from torch import Tensor

from ...layers import Shape
from ...layers.anchor_head import AnchorHead, ForkLosses
from .iou import KINDS, Box, iou
from .slots import Grid, Slots
from .targets import Truths, cells


@dataclass(frozen=True)
class Matches:
    """Slots [K], each with the truth it learns; `turns` are positions among them.

    Within a turn no slot comes twice; a slot's truths follow one another as the C has them.
    """

    slots: Slots
    truth: Box
    classes: Tensor
    turns: tuple[Tensor, ...]

    @classmethod
    def of(cls, slots: Slots, truths: Truths, row: Tensor, device: torch.device) -> Matches:
        """Give slots the truths of those rows of their images; all of it on the CPU yet."""
        truth = Box(*(side[slots.image, row].to(device) for side in truths.boxes))
        classes = truths.classes[slots.image, row].to(device)
        turns = tuple(turn.to(device) for turn in slots.turns())
        return cls(slots.to(device), truth, classes, turns)

    @classmethod
    def where(cls, chosen: Tensor, which: Tensor, truths: Truths) -> Matches:
        """Give the slots that are `chosen` [N, anchors, H, W] the truths that `which` says."""
        slots = Slots(*chosen.nonzero(as_tuple=True))
        row, device = which[tuple(slots)], chosen.device
        truth = Box(*(side.to(device)[slots.image, row] for side in truths.boxes))
        classes = truths.classes.to(device)[slots.image, row]
        turns = (torch.arange(len(row), device=device),) if len(row) else ()
        return cls(slots, truth, classes, turns)

    def at(self, positions: Tensor) -> Matches:
        """Return some of the matches, for which no turns are left."""
        truth = Box(*(side[positions] for side in self.truth))
        return Matches(self.slots.at(positions), truth, self.classes[positions], ())

    def hits(self, classes: int) -> Tensor:
        """Return which of the classes is the truth's, bool [K, classes]."""
        return torch.arange(classes, device=self.classes.device) == self.classes[:, None]

    def __len__(self) -> int:
        return len(self.classes)


def matched(layer: AnchorHead, truths: Truths, anchored: Tensor, grid: Grid) -> Matches:
    """Give truths to the anchors of their cell that are chosen, bool [N, T, num], and in the mask.

    Darknet: src/yolo_layer.c forward_yolo_layer
    """
    return placed(layer, truths, anchored, grid, truths.boxes)


def placed(layer: AnchorHead, truths: Truths, anchored: Tensor, grid: Grid, points: Box) -> Matches:
    """Do the same where other points than the centres choose the cells."""
    masked = F.pad(anchored, (0, max(0, max(layer.mask) + 1 - layer.num)))[..., layer.mask]
    first = torch.tensor([layer.mask.index(anchor) == i for i, anchor in enumerate(layer.mask)])
    image, row, anchor = (masked & first & truths.usable[..., None]).nonzero(as_tuple=True)
    rows, columns = cells(points, grid.width, grid.height)
    slots = Slots(image, anchor, rows[image, row], columns[image, row])
    return Matches.of(slots, truths, row, grid.values.device)


def best_anchors(layer: AnchorHead, truths: Truths, size: Shape) -> Tensor:
    """Return which of all the anchors is most like each truth, bool [N, T, num].

    The first of equals counts, whether in the mask or not.

    Darknet: src/yolo_layer.c forward_yolo_layer
    """
    best = iou(*shapes(layer, truths, size)).argmax(2, keepdim=True)
    return torch.arange(layer.num) == best


def like_anchors(layer: ForkLosses, truths: Truths, size: Shape) -> Tensor:
    """Return the best anchors, and those more like the truth than `iou_thresh` if that is below 1.

    Darknet: src/yolo_layer.c process_batch (AlexeyAB)
    """
    assert isinstance(layer, AnchorHead)
    best = best_anchors(layer, truths, size)
    if layer.iou_thresh >= 1:
        return best
    alike = KINDS[layer.iou_thresh_kind](*shapes(layer, truths, size))
    return best | (alike > layer.iou_thresh)


def shapes(layer: AnchorHead, truths: Truths, size: Shape) -> tuple[Box, Box]:
    """Return anchors [num] and truths [N, T, 1] with their centres in one point."""
    w, h = torch.tensor([*chain(*layer.sizes(layer.num))]).view(-1, 2).unbind(1)
    zero, boxes = torch.zeros(()), truths.boxes
    anchors = Box(zero, zero, w / size.w, h / size.h)
    return anchors, Box(zero, zero, boxes.w[..., None], boxes.h[..., None])


def averaged(delta: Tensor, taught: Sequence[Matches], boxes: int, objectness: int | None) -> None:
    """Divide a slot's box deltas, its first `boxes`, by how many classes it is to believe in.

    Where an entry is given for objectness, only slots that learn it.

    Darknet: src/yolo_layer.c averages_yolo_deltas (AlexeyAB)
    Quirk: AVERAGED_BOXES
    """
    touched = torch.zeros_like(delta[:, :, 0], dtype=torch.bool)
    for matches in taught:
        touched[tuple(matches.slots)] = True
    index = Slots(*touched.nonzero(as_tuple=True)).entries
    values = delta[index]
    first = boxes + 1
    count = (values[:, first:] > 0).sum(1, keepdim=True).clamp(min=1)
    if objectness is not None:
        count = torch.where(values[:, objectness, None] != 0, count, 1)
    values[:, :boxes] /= count
    delta[index] = values
