"""The fork's deltas that make a predicted box overlap its ground truth more."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

import torch
from torch import Tensor

from .iou import Box, aspect_angle, aspect_weight, hull_sides, overlap_sides


class Edges(NamedTuple):
    """A number for each edge of a box."""

    left: Tensor
    top: Tensor
    right: Tensor
    bottom: Tensor

    @property
    def box_delta(self) -> Box:
        """The deltas of centre and size, computed from those of the edges.

        An edge is the centre plus or minus half the size. The C takes the whole size.

        Quirk: IOU_STEP
        """
        return Box(
            self.left + self.right,
            self.top + self.bottom,
            self.right - self.left,
            self.bottom - self.top,
        )


class Pair(NamedTuple):
    """Predicted boxes and their ground truth, with the areas that deltas are computed from."""

    predicted: Box
    truth: Box
    across: Tensor  # width of the intersection, negative where there is a gap
    down: Tensor  # its height
    intersection: Tensor  # their product, which two gaps make positive too
    union: Tensor

    @classmethod
    def of(cls, predicted: Box, truth: Box) -> Pair:
        """Make pairs. A predicted side of 0 counts as 1.

        Darknet: src/yolo_layer.c delta_yolo_box, src/box.c dx_box_iou (AlexeyAB)
        """
        w, h = (torch.where(side == 0, 1.0, side) for side in (predicted.w, predicted.h))
        predicted = predicted._replace(w=w, h=h)
        across, down = overlap_sides(predicted, truth)
        intersection = across * down
        union = w * h + truth.w * truth.h - intersection
        return cls(predicted, truth, across, down, intersection, union)

    @property
    def disjoint(self) -> Tensor:
        """Whether the boxes do not intersect."""
        return (self.across <= 0) | (self.down <= 0)

    @property
    def inside(self) -> Edges:
        """Whether the prediction's edge lies within the truth: there it bounds the intersection."""
        left, top, right, bottom = self.predicted.edges
        truth_left, truth_top, truth_right, truth_bottom = self.truth.edges
        return Edges(left > truth_left, top > truth_top, right < truth_right, bottom < truth_bottom)

    @property
    def outside(self) -> Edges:
        """Whether the prediction's edge lies beyond the truth: there it bounds the hull."""
        left, top, right, bottom = self.predicted.edges
        truth_left, truth_top, truth_right, truth_bottom = self.truth.edges
        return Edges(left < truth_left, top < truth_top, right > truth_right, bottom > truth_bottom)

    @property
    def growth(self) -> tuple[Edges, Edges]:
        """The derivatives of intersection and union by each edge of the prediction."""
        w, h = self.predicted.w, self.predicted.h
        intersection = area_growth(self.inside, self.across, self.down)
        own = Edges(-h, -w, h, w)  # of the prediction's own area
        union = Edges(*(area - shared for area, shared in zip(own, intersection, strict=True)))
        return intersection, union


def area_growth(bounds: Edges, across: Tensor, down: Tensor) -> Edges:
    """Return the derivatives of an area `across` x `down` by the edges that bound it.

    An edge that moves by 1 adds a strip as long as the edge: `down` for left and right.
    """
    return Edges(
        torch.where(bounds.left, -down, 0.0),
        torch.where(bounds.top, -across, 0.0),
        torch.where(bounds.right, down, 0.0),
        torch.where(bounds.bottom, across, 0.0),
    )


def edge_deltas(pair: Pair) -> Edges:
    """Return the derivative of intersection over union by each edge; 0 without a union.

    Darknet: src/box.c dx_box_iou (AlexeyAB)
    """
    intersection, union = pair.intersection, pair.union
    deltas = (  # (I / U)' = (U I' - I U') / U^2
        torch.where(union > 0, (union * shared - intersection * covered) / union.square(), 0.0)
        for shared, covered in zip(*pair.growth, strict=True)
    )
    left, top, right, bottom = deltas
    at_left, at_top, at_right, at_bottom = pair.predicted.edges
    return Edges(  # a side too small for float32 has but one edge, and the C takes the later
        torch.where(at_left < at_right, left, right),
        torch.where(at_top < at_bottom, top, bottom),
        right,
        bottom,
    )


def iou_delta(pair: Pair) -> Box:
    """Return the delta that raises IoU."""
    return edge_deltas(pair).box_delta


def iou2_delta(pair: Pair) -> Box:
    """Return the delta that raises the square of IoU, 2 IoU times that of IoU; 0 between gaps.

    Source: YOLOX, yolox/models/losses.py IOUloss
    """
    twice = 2 * pair.intersection / pair.union
    return Box(*(torch.where(pair.disjoint, 0.0, twice * part) for part in iou_delta(pair)))


def giou_delta(pair: Pair) -> Box:
    """Return the delta that raises generalised IoU; between disjoint boxes it closes the gap."""
    across, down = hull_sides(pair.predicted, pair.truth)
    hull = across * down
    hull_growth = area_growth(pair.outside, across, down)
    deltas = []
    for own, covered, around in zip(edge_deltas(pair), pair.growth[1], hull_growth, strict=True):
        filling = (hull * covered - pair.union * around) / hull.square()  # (U / hull)'
        deltas.append(torch.where(pair.disjoint, filling, own + filling))
    return Edges(*deltas).box_delta


def diou_delta(pair: Pair) -> Box:
    """Return the delta that raises IoU and lessens the centres' distance."""
    return plus_iou_delta(pair, distance_delta(pair))


def ciou_delta(pair: Pair) -> Box:
    """Return the delta of distance-IoU plus that toward the aspect ratio of the ground truth.

    Quirk: IOU_STEP
    """
    distance, (aspect_w, aspect_h) = distance_delta(pair), aspect_delta(pair)
    delta = distance._replace(w=distance.w + aspect_w, h=distance.h + aspect_h)
    return plus_iou_delta(pair, delta)


def plus_iou_delta(pair: Pair, delta: Box) -> Box:
    """Return a delta plus that of IoU; the delta alone where boxes are disjoint."""
    parts = zip(iou_delta(pair), delta, strict=True)
    return Box(*(torch.where(pair.disjoint, other, own + other) for own, other in parts))


def distance_delta(pair: Pair) -> Box:
    """Return the delta that lessens S / Q, the squared distance over the hull's squared diagonal.

    The derivative is (S' Q - S Q') / Q^2. Q grows with the edges that lie outside the truth. In x
    and y the C gives Q' the other sign.

    Darknet: src/box.c dx_box_iou (AlexeyAB)
    """
    p, t = pair.predicted, pair.truth
    across, down = hull_sides(p, t)
    diagonal = across.square() + down.square()
    distance = (p.x - t.x).square() + (p.y - t.y).square()
    left, top, right, bottom = (edge.to(p.x.dtype) for edge in pair.outside)
    return Box(
        (2 * (t.x - p.x) * diagonal - 2 * across * (right - left) * distance) / diagonal.square(),
        (2 * (t.y - p.y) * diagonal - 2 * down * (bottom - top) * distance) / diagonal.square(),
        across * (right + left) * distance / diagonal.square(),
        down * (bottom + top) * distance / diagonal.square(),
    )


def aspect_delta(pair: Pair) -> tuple[Tensor, Tensor]:
    """Return the deltas of width and height toward the aspect ratio of the ground truth.

    The derivative of atan(w / h) by w is h / (w^2 + h^2). The C leaves the divisor out.

    Quirk: IOU_STEP
    """
    p = pair.predicted
    angle = aspect_angle(p, pair.truth)
    difference = 4 / math.pi**2 * angle.square()
    pull = aspect_weight(difference, pair.intersection / pair.union) * 8 / math.pi**2 * angle
    return pull * p.h, -pull * p.w


DELTAS: Final[dict[str, Callable[[Pair], Box]]] = {
    "iou": iou_delta,
    "iou2": iou2_delta,
    "giou": giou_delta,
    "diou": diou_delta,
    "ciou": ciou_delta,
}


def overlap_delta(kind: str, predicted: Box, truth: Box) -> Box:
    """Return the delta of x, y, w and h, in 0..1 of the image, that raises an overlap.

    `kind` is iou, iou2, giou, diou or ciou. The delta is no gradient: sizes are not halved, and the
    functions that decode a box are not differentiated.

    Darknet: src/box.c dx_box_iou (AlexeyAB)
    Quirk: IOU_STEP
    """
    return DELTAS[kind](Pair.of(predicted, truth))
