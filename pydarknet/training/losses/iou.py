"""How much predicted boxes overlap ground truth, by each measure of the fork's options.

Here box i of one side meets box i of the other, and shapes broadcast. `iou` in boxes/box.py is the
same number for every pair of two lists.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

import torch
from torch import Tensor


class Box(NamedTuple):
    """Centres and sizes of boxes in 0..1 of the image: four tensors of any shape that broadcast."""

    x: Tensor
    y: Tensor
    w: Tensor
    h: Tensor

    @property
    def edges(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Left, top, right and bottom."""
        w, h = self.w / 2, self.h / 2
        return self.x - w, self.y - h, self.x + w, self.y + h

    def to(self, device: torch.device) -> Box:
        """Return the boxes on a device."""
        return Box(*(part.to(device, non_blocking=True) for part in self))


def overlap_sides(a: Box, b: Box) -> tuple[Tensor, Tensor]:
    """Return width and height of what two boxes share; negative where a gap is between them.

    Darknet: src/box.c overlap
    """
    left, top, right, bottom = a.edges
    other_left, other_top, other_right, other_bottom = b.edges
    across = torch.minimum(right, other_right) - torch.maximum(left, other_left)
    down = torch.minimum(bottom, other_bottom) - torch.maximum(top, other_top)
    return across, down


def hull_sides(a: Box, b: Box) -> tuple[Tensor, Tensor]:
    """Return width and height of the smallest box around two.

    Darknet: src/box.c box_c (AlexeyAB)
    """
    left, top, right, bottom = a.edges
    other_left, other_top, other_right, other_bottom = b.edges
    across = torch.maximum(right, other_right) - torch.minimum(left, other_left)
    down = torch.maximum(bottom, other_bottom) - torch.minimum(top, other_top)
    return across, down


def intersection_and_union(a: Box, b: Box) -> tuple[Tensor, Tensor]:
    """Return the area that two boxes share, and the area that they cover.

    Darknet: src/box.c box_intersection, box_union
    """
    across, down = overlap_sides(a, b)
    # clamped first: the product of two gaps would be a positive area
    intersection = across.clamp_(min=0).mul_(down.clamp_(min=0))
    return intersection, a.w * a.h + b.w * b.h - intersection


def iou(a: Box, b: Box) -> Tensor:
    """Return intersection over union. It is 0 for boxes without area, and for NaN.

    Darknet: src/box.c box_iou
    """
    intersection, union = intersection_and_union(a, b)
    return intersection.div_(union).nan_to_num_(nan=0.0, posinf=0.0)


def giou(a: Box, b: Box) -> Tensor:
    """Return IoU minus the fraction of the hull that neither box covers.

    Darknet: src/box.c box_giou (AlexeyAB)
    """
    across, down = hull_sides(a, b)
    hull = across * down
    _, union = intersection_and_union(a, b)
    return iou(a, b) - torch.where(hull == 0, 0.0, (hull - union) / hull)


def diou(a: Box, b: Box) -> Tensor:
    """Return IoU minus the centres' distance in diagonals of the hull, to the power 1.2.

    Darknet: src/box.c box_diou (AlexeyAB)
    """
    return iou(a, b) - squared_distance(a, b).pow(0.6)  # a square to the power 0.6


def ciou(a: Box, b: Box) -> Tensor:
    """Return IoU minus the centres' squared distance and minus a term for different aspect ratios.

    Darknet: src/box.c box_ciou (AlexeyAB)
    """
    overlap = iou(a, b)
    difference = 4 / math.pi**2 * aspect_angle(a, b).square()  # v in the paper, 0..1
    penalty = squared_distance(a, b) + difference * aspect_weight(difference, overlap)
    across, down = hull_sides(a, b)
    return overlap - torch.where((across == 0) & (down == 0), 0.0, penalty)


def squared_distance(a: Box, b: Box) -> Tensor:
    """Return the squared distance of centres over the hull's squared diagonal; 0 without a hull."""
    across, down = hull_sides(a, b)
    diagonal = across.square() + down.square()
    distance = (a.x - b.x).square() + (a.y - b.y).square()
    return torch.where(diagonal == 0, 0.0, distance / diagonal)


def aspect_angle(a: Box, b: Box) -> Tensor:
    """Return the angle between the diagonals of two boxes; positive if the second is wider."""
    return torch.atan(b.w / b.h) - torch.atan(a.w / a.h)


def aspect_weight(difference: Tensor, overlap: Tensor) -> Tensor:
    """Return the weight of different aspect ratios: larger for boxes that overlap more.

    The paper's alpha. The small term keeps equal boxes from 0 / 0.
    """
    return difference / (1 - overlap + difference + 0.000001)


IOUS: Final[dict[str, Callable[[Box, Box], Tensor]]] = {
    "iou": iou,
    "giou": giou,
    "mse": iou,
    "diou": diou,
    "ciou": ciou,
}
