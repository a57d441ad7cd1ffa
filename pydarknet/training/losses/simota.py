"""SimOTA: which predicted boxes, of all scales at once, should find which true boxes.

A loss calls `assign(candidates, truth, rule)` once for all its maps. It joins their boxes to
`Candidates`, P for each image, in an order of its own choice; the answer names places in it. All
boxes and cells are in one unit of length: in pixels of the network's input, cells are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import torch
from torch import Tensor

from .iou import Box, iou

ELSEWHERE: Final = 1e6  # what a box costs whose cell is not near the true one
LEAST_LOG: Final = -100.0  # of a probability of 0, as in torch's binary_cross_entropy


@dataclass(frozen=True, kw_only=True)
class Rule:
    """The numbers of the assignment; the defaults are those of YOLOX."""

    radius: float = 1.5  # in cells: so far from a true box's centre, cells are near it
    candidates: int = 10  # how many of the largest IoUs add up to the number of boxes to take
    iou_weight: float = 3.0  # of the cost of a small IoU, beside that of the classes


@dataclass(frozen=True)
class Candidates:
    """The predicted boxes of N images: P for each, of all cells, anchors and scales.

    `cells` [P] are the cells that they are predicted in, as centres and sides. `boxes` are [N, P],
    `objectness` [N, P] and `classes` [N, P, C] are probabilities.
    """

    cells: Box
    boxes: Box
    objectness: Tensor
    classes: Tensor

    def of(self, image: int) -> Candidates:
        """Return those of one image, without its dimension."""
        boxes = Box(*(part[image] for part in self.boxes))
        return Candidates(self.cells, boxes, self.objectness[image], self.classes[image])

    def at(self, places: Tensor) -> Candidates:
        """Return some of those of one image."""
        cells, boxes = (Box(*(part[places] for part in some)) for some in (self.cells, self.boxes))
        return Candidates(cells, boxes, self.objectness[places], self.classes[places])


@dataclass(frozen=True)
class Truth:
    """The true boxes of N images: `boxes`, `classes` and `usable`, each [N, T].

    A row that is not `usable` is no box.
    """

    boxes: Box
    classes: Tensor
    usable: Tensor

    def of(self, image: int) -> tuple[Tensor, Box, Tensor]:
        """Return the usable rows of one image, their boxes [T, 1] and their classes, [T] each."""
        [rows] = self.usable[image].nonzero(as_tuple=True)
        boxes = Box(*(part[image, rows, None] for part in self.boxes))
        return rows, boxes, self.classes[image, rows]


class Assignment(NamedTuple):
    """K predicted boxes and their true ones, by image and place. No place of an image is twice."""

    image: Tensor  # int64 [K]
    place: Tensor  # int64 [K], among the image's P candidates
    row: Tensor  # int64 [K], among the image's T true boxes
    overlap: Tensor  # [K]: the IoU of the two


@torch.no_grad()
def assign(candidates: Candidates, truth: Truth, rule: Rule) -> Assignment:
    """Assign predicted boxes to the true ones of their images; all tensors are on one device.

    Only boxes of cells near a true one count. Each true box takes the cheapest of them: as many as
    its largest IoUs add up to, but at least one. A box that several take goes to the one for which
    it is cheapest. The cost is the cross entropy of the classes, each the root of its probability
    times objectness, and -ln(IoU) times a weight.

    Source: Ge et al. 2021, arXiv 2107.08430; YOLOX, yolox/models/yolo_head.py get_assignments
    """
    empty = torch.zeros(0, dtype=torch.int64, device=candidates.objectness.device)
    parts = [Assignment(empty, empty, empty, candidates.objectness.new_zeros(0))]
    for image in range(len(candidates.objectness)):
        place, row, overlap = assign_image(candidates.of(image), *truth.of(image), rule)
        parts.append(Assignment(torch.full_like(place, image), place, row, overlap))
    return Assignment(*map(torch.cat, zip(*parts, strict=True)))


def assign_image(
    candidates: Candidates, rows: Tensor, boxes: Box, classes: Tensor, rule: Rule
) -> tuple[Tensor, Tensor, Tensor]:
    """Return places, rows and IoU of one image's assignment, [K] each."""
    near = cells_near(candidates.cells, boxes, rule.radius)  # [T, P]
    [places] = near.any(0).nonzero(as_tuple=True)
    if not len(places):
        return places, places, candidates.objectness[places]
    some, near = candidates.at(places), near[:, places]  # [T, P'] from here on
    overlap = iou(boxes, some.boxes)
    cost = class_costs(some, classes) - rule.iou_weight * (overlap + 1e-8).log()
    owner, taken = cheapest(cost + ELSEWHERE * ~near, counts(overlap, rule.candidates))
    owner = owner[taken]
    return places[taken], rows[owner], overlap[owner, taken]


def cells_near(cells: Box, boxes: Box, radius: float) -> Tensor:
    """Return which cells [P] have their centre near that of boxes [T, 1], bool [T, P].

    It is less than `radius` cells away, both across and down.
    """
    across, down = radius * cells.w, radius * cells.h
    after = (cells.x > boxes.x - across) & (cells.y > boxes.y - down)
    return after & (cells.x < boxes.x + across) & (cells.y < boxes.y + down)


def class_costs(candidates: Candidates, classes: Tensor) -> Tensor:
    """Return the binary cross entropy of each candidate for each of these classes, [T, P].

    That of a class is the sum for no class, but for its own term: no array is [T, P, C].
    """
    scores = (candidates.classes * candidates.objectness[:, None]).sqrt().double()  # [P, C]
    there = scores.log().clamp(min=LEAST_LOG)
    not_there = (1 - scores).log().clamp(min=LEAST_LOG)
    return ((not_there - there).T[classes] - not_there.sum(1)).to(candidates.classes.dtype)


def counts(overlap: Tensor, most: int) -> Tensor:
    """Return how many candidates each true box takes, given their IoU [T, P]: int64 [T]."""
    largest = overlap.topk(min(most, overlap.shape[1]), dim=1).values
    return largest.sum(1).long().clamp(min=1)


def cheapest(cost: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
    """Return the owner of each candidate, and whether it has one: [P] each.

    Each true box takes its `count` [T] cheapest by `cost` [T, P], the first of equals. What several
    take belongs to the one whose cost is least, were it one that did not take it.
    """
    rank = torch.arange(cost.shape[1], device=cost.device)
    order = cost.argsort(dim=1, stable=True)
    takes = torch.zeros_like(cost, dtype=torch.bool).scatter(1, order, rank < count[:, None])
    takers = takes.sum(0)
    owner = torch.where(takers > 1, cost.argmin(0), takes.byte().argmax(0))
    return owner, takers > 0
