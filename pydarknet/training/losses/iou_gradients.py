"""The steps of a predicted box that raise its overlap with a truth, as the fork takes them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

import torch
from torch import Tensor

from .iou import Box, hull, shared, slant, weight


class Edges(NamedTuple):
    """A number for each edge of a box."""

    left: Tensor
    top: Tensor
    right: Tensor
    bottom: Tensor

    @property
    def step(self) -> Box:
        """The edges' steps as those of a centre and a size: sizes are not halved.

        Quirk: IOU_STEP
        """
        return Box(
            self.left + self.right,
            self.top + self.bottom,
            self.right - self.left,
            self.bottom - self.top,
        )


class Pair(NamedTuple):
    """Predicted boxes and their truths, and what the steps are made of."""

    predicted: Box
    truth: Box
    across: Tensor  # shared columns, negative where there is a gap
    down: Tensor
    both: Tensor  # their product, which is positive too where there are two gaps
    either: Tensor

    @classmethod
    def of(cls, predicted: Box, truth: Box) -> Pair:
        """Take two boxes; a predicted side of 0 counts as 1.

        Darknet: src/yolo_layer.c delta_yolo_box, src/box.c dx_box_iou (AlexeyAB)
        """
        w, h = (torch.where(side == 0, 1.0, side) for side in (predicted.w, predicted.h))
        grown = predicted._replace(w=w, h=h)
        across, down = shared(grown, truth)
        both = across * down
        return cls(grown, truth, across, down, both, w * h + truth.w * truth.h - both)

    @property
    def disjoint(self) -> Tensor:
        """Whether the boxes share nothing."""
        return (self.across <= 0) | (self.down <= 0)

    @property
    def inside(self) -> Edges:
        """Where the prediction's edge lies within the truth: there it bounds what they share."""
        left, top, right, bottom = self.predicted.edges
        of_left, of_top, of_right, of_bottom = self.truth.edges
        return Edges(left > of_left, top > of_top, right < of_right, bottom < of_bottom)

    @property
    def outside(self) -> Edges:
        """Where the prediction's edge lies beyond the truth: there it bounds the hull."""
        left, top, right, bottom = self.predicted.edges
        of_left, of_top, of_right, of_bottom = self.truth.edges
        return Edges(left < of_left, top < of_top, right > of_right, bottom > of_bottom)

    @property
    def growth(self) -> tuple[Edges, Edges]:
        """How the shared area and the union grow with each edge."""
        w, h = self.predicted.w, self.predicted.h
        both = moved(self.inside, self.across, self.down)
        own = Edges(-h, -w, h, w)
        return both, Edges(*(mine - ours for mine, ours in zip(own, both, strict=True)))


def moved(where: Edges, across: Tensor, down: Tensor) -> Edges:
    """Return how an area of sides `across` and `down` grows with the edges that bound it."""
    return Edges(
        torch.where(where.left, -down, 0.0),
        torch.where(where.top, -across, 0.0),
        torch.where(where.right, down, 0.0),
        torch.where(where.bottom, across, 0.0),
    )


def edges_iou(pair: Pair) -> Edges:
    """Return the derivative of intersection over union by each edge; 0 without a union.

    Darknet: src/box.c dx_box_iou (AlexeyAB)
    """
    both, either = pair.both, pair.either
    steps = (
        torch.where(either > 0, (either * shared - both * covered) / either.square(), 0.0)
        for shared, covered in zip(*pair.growth, strict=True)
    )
    left, top, right, bottom = steps
    of_left, of_top, of_right, of_bottom = pair.predicted.edges
    return Edges(  # a side too small for float32 has one edge
        torch.where(of_left < of_right, left, right),
        torch.where(of_top < of_bottom, top, bottom),
        right,
        bottom,
    )


def step_iou(pair: Pair) -> Box:
    """Return the step that raises IoU."""
    return edges_iou(pair).step


def step_giou(pair: Pair) -> Box:
    """Return the step that raises generalised IoU; disjoint boxes only shrink what is empty."""
    across, down = hull(pair.predicted, pair.truth)
    area = across * down
    hulls = moved(pair.outside, across, down)
    steps = []
    for own, covered, around in zip(edges_iou(pair), pair.growth[1], hulls, strict=True):
        filling = (area * covered - pair.either * around) / area.square()
        steps.append(torch.where(pair.disjoint, filling, own + filling))
    return Edges(*steps).step


def step_diou(pair: Pair) -> Box:
    """Return the step that raises IoU less the distance; of disjoint boxes the distance alone."""
    return combined(pair, nearer(pair))


def step_ciou(pair: Pair) -> Box:
    """Return the step for distance-IoU less unlike proportions.

    Quirk: IOU_STEP
    """
    nearing, (shape_w, shape_h) = nearer(pair), alike(pair)
    return combined(pair, nearing._replace(w=nearing.w + shape_w, h=nearing.h + shape_h))


def combined(pair: Pair, extra: Box) -> Box:
    """Return the step of IoU with another's; the other alone where boxes are disjoint."""
    steps = zip(step_iou(pair), extra, strict=True)
    return Box(*(torch.where(pair.disjoint, other, own + other) for own, other in steps))


def nearer(pair: Pair) -> Box:
    """Return the step that lessens the distance of the centres over the hull's diagonal."""
    p, t = pair.predicted, pair.truth
    across, down = hull(p, t)
    diagonal = across.square() + down.square()
    distance = (p.x - t.x).square() + (p.y - t.y).square()
    left, top, right, bottom = (edge.to(p.x.dtype) for edge in pair.outside)
    return Box(
        (2 * (t.x - p.x) * diagonal - 2 * across * (right - left) * distance) / diagonal.square(),
        (2 * (t.y - p.y) * diagonal - 2 * down * (bottom - top) * distance) / diagonal.square(),
        across * (right + left) * distance / diagonal.square(),
        down * (bottom + top) * distance / diagonal.square(),
    )


def alike(pair: Pair) -> tuple[Tensor, Tensor]:
    """Return the steps of width and height toward the truth's proportions.

    Quirk: IOU_STEP
    """
    p = pair.predicted
    angle = slant(p, pair.truth)
    unlike = 4 / math.pi**2 * angle.square()
    pull = weight(unlike, pair.both / pair.either) * 8 / math.pi**2 * angle
    return pull * p.h, -pull * p.w


STEPS: Final[dict[str, Callable[[Pair], Box]]] = {
    "iou": step_iou,
    "giou": step_giou,
    "diou": step_diou,
    "ciou": step_ciou,
}


def ascent(kind: str, predicted: Box, truth: Box) -> Box:
    """Return the step of x, y, w and h in 0..1 of the image that raises an overlap.

    `kind` is iou, giou, diou or ciou. The step is no gradient of a loss: sizes are not halved,
    and nothing that decodes a box is derived.

    Darknet: src/box.c dx_box_iou (AlexeyAB)
    Quirk: IOU_STEP
    """
    return STEPS[kind](Pair.of(predicted, truth))
