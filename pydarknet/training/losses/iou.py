"""How much two boxes overlap, in four ways, and the steps that make a box overlap more."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

import torch
from torch import Tensor


class Box(NamedTuple):
    """Centres and sizes of boxes in 0..1 of the image, of shapes that broadcast."""

    x: Tensor
    y: Tensor
    w: Tensor
    h: Tensor

    @property
    def edges(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Left, top, right and bottom."""
        w, h = self.w / 2, self.h / 2
        return self.x - w, self.y - h, self.x + w, self.y + h


def shared(a: Box, b: Box) -> tuple[Tensor, Tensor]:
    """Return how far two boxes share columns and rows; negative where a gap is between them."""
    left, top, right, bottom = a.edges
    other_left, other_top, other_right, other_bottom = b.edges
    across = torch.minimum(right, other_right) - torch.maximum(left, other_left)
    down = torch.minimum(bottom, other_bottom) - torch.maximum(top, other_top)
    return across, down


def hull(a: Box, b: Box) -> tuple[Tensor, Tensor]:
    """Return width and height of the smallest box around two.

    Darknet: src/box.c box_c (AlexeyAB)
    """
    left, top, right, bottom = a.edges
    other_left, other_top, other_right, other_bottom = b.edges
    across = torch.maximum(right, other_right) - torch.minimum(left, other_left)
    down = torch.maximum(bottom, other_bottom) - torch.minimum(top, other_top)
    return across, down


def meeting(a: Box, b: Box) -> tuple[Tensor, Tensor]:
    """Return the areas that two boxes share and that they cover.

    Darknet: src/box.c box_intersection, box_union
    """
    across, down = shared(a, b)
    both = across.clamp_(min=0).mul_(down.clamp_(min=0))
    return both, a.w * a.h + b.w * b.h - both


def iou(a: Box, b: Box) -> Tensor:
    """Return intersection over union; 0 of boxes without area, and of what are no numbers.

    Darknet: src/box.c box_iou
    """
    both, either = meeting(a, b)
    return both.div_(either).nan_to_num_(nan=0.0, posinf=0.0)


def giou(a: Box, b: Box) -> Tensor:
    """Return IoU less the part of the hull that neither box covers.

    Darknet: src/box.c box_giou (AlexeyAB)
    """
    across, down = hull(a, b)
    area = across * down
    empty = torch.where(area == 0, 0.0, (area - meeting(a, b)[1]) / area)
    return iou(a, b) - empty


def diou(a: Box, b: Box) -> Tensor:
    """Return IoU less the distance of the centres in diagonals of the hull, to the power 1.2.

    Darknet: src/box.c box_diou (AlexeyAB)
    """
    return iou(a, b) - apart(a, b).pow(0.6)


def ciou(a: Box, b: Box) -> Tensor:
    """Return IoU less the distance of the centres and a measure of unlike proportions.

    Darknet: src/box.c box_ciou (AlexeyAB)
    """
    overlap = iou(a, b)
    unlike = 4 / math.pi**2 * slant(a, b).square()
    penalty = apart(a, b) + unlike * weight(unlike, overlap)
    across, down = hull(a, b)
    return overlap - torch.where((across == 0) & (down == 0), 0.0, penalty)


def apart(a: Box, b: Box) -> Tensor:
    """Return the squared distance of centres over the hull's squared diagonal; 0 of no hull."""
    across, down = hull(a, b)
    diagonal = across.square() + down.square()
    distance = (a.x - b.x).square() + (a.y - b.y).square()
    return torch.where(diagonal == 0, 0.0, distance / diagonal)


def slant(a: Box, b: Box) -> Tensor:
    """Return by how much the second box is wider for its height, as an angle."""
    return torch.atan(b.w / b.h) - torch.atan(a.w / a.h)


def weight(unlike: Tensor, overlap: Tensor) -> Tensor:
    """Return how much the proportions count, the more the better boxes overlap."""
    return unlike / (1 - overlap + unlike + 0.000001)


KINDS: Final[dict[str, Callable[[Box, Box], Tensor]]] = {
    "iou": iou,
    "giou": giou,
    "mse": iou,
    "diou": diou,
    "ciou": ciou,
}
