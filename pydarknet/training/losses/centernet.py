"""The loss of [centernet]: focal loss of the heat, L1 of sizes and offsets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ...graph.head import Head
from ...layers import Node
from ...layers.centernet import OFFSET, SIZE, Centernet
from .base import LossInputs, ScalarLoss, head_by_head, scalar_loss
from .iou import Box, iou
from .map_heads import log_line
from .shown import Shown, shows
from .targets import GroundTruth, ground_truth_of

LEAST: Final = 1e-4  # of a probability, and of what a sum of distances is divided by
BLOCK: Final = 256  # objects whose heat is drawn at once


@dataclass(frozen=True)
class Objects:
    """K true boxes on a map, in cells: image and class, column and row of the centre's cell, [K].

    `sizes` and `offsets` [K, 2] are width and height, and from the cell's corner to the centre.
    """

    image: Tensor
    classes: Tensor
    column: Tensor
    row: Tensor
    sizes: Tensor
    offsets: Tensor

    @classmethod
    def of(cls, truth: GroundTruth, width: int, height: int) -> Objects:
        """Return the true boxes, cut to the map's last column and row, but for those of no area.

        Source: CenterNet, src/lib/datasets/sample/ctdet.py __getitem__
        """
        left, top, right, bottom = truth.boxes.edges
        left, right = (edge.mul(width).clamp(0, width - 1) for edge in (left, right))
        top, bottom = (edge.mul(height).clamp(0, height - 1) for edge in (top, bottom))
        there = truth.usable & (right > left) & (bottom > top)
        image, place = there.nonzero(as_tuple=True)
        corners = torch.stack((left, top, right, bottom), 2)[image, place]
        sizes = corners[:, 2:] - corners[:, :2]
        centres = (corners[:, :2] + corners[:, 2:]) / 2
        column, row = centres.long().unbind(1)
        offsets = centres - centres.floor()
        return cls(image, truth.classes[image, place], column, row, sizes, offsets)

    def heat(self, shape: torch.Size, overlap: float) -> Tensor:
        """Return a map [N, classes, h, w] that is 1 at each centre and falls to 0 around it.

        Where two objects of a class meet, the larger number counts.

        Source: CenterNet, src/lib/utils/image.py draw_umich_gaussian
        """
        _, classes, h, w = shape
        found = torch.zeros(shape, dtype=torch.float32, device=self.sizes.device).view(-1, h * w)
        radius = radius_of(self.sizes, overlap)
        across, down = bells(self.column, radius, w), bells(self.row, radius, h)
        plane = self.image * classes + self.classes
        for some in torch.arange(len(plane), device=plane.device).split(BLOCK):
            drawn = (down[some, :, None] * across[some, None]).flatten(1)
            index = plane[some, None].expand_as(drawn)
            found.scatter_reduce_(0, index, drawn, "amax")
        return found.view(shape)


def radius_of(sizes: Tensor, overlap: float) -> Tensor:
    """Return how many cells [K] a centre may lie beside the true one of boxes of sizes [K, 2].

    The code takes the least root of three equations, and divides by 2 what should be divided by
    twice the first coefficient. So the third's is always the least, and is 2.8 times too large
    where `overlap`, the IoU that is wanted, is .7: it is kept, since all results come from it.

    Source: CenterNet, src/lib/utils/image.py gaussian_radius, after CornerNet
    """
    width, height = sizes.double().ceil().unbind(1)
    a, b = 4 * overlap, -2 * overlap * (height + width)
    c = (overlap - 1) * width * height
    return ((b + (b**2 - 4 * a * c).sqrt()) / 2).clamp(min=0).floor()


def bells(centre: Tensor, radius: Tensor, length: int) -> Tensor:
    """Return for K centres on a line of cells how much of each is seen there, [K, length].

    It is a normal curve whose deviation is a third of radius + .5, and 0 beyond the radius.
    """
    away = (torch.arange(length, device=centre.device) - centre[:, None]).abs()
    deviation = (2 * radius[:, None] + 1) / 6
    curve = (away / deviation).square().div(-2).exp()
    return (curve * (away <= radius[:, None])).float()


@scalar_loss(Centernet)
@head_by_head
def centernet_loss(layer: Centernet, head: Head, inputs: LossInputs) -> ScalarLoss:
    """Return N times the official loss of a mini-batch of N images.

    Source: CenterNet, src/lib/trains/ctdet.py CtdetLoss
    """
    heat, sizes, offsets = head.raw.split((layer.classes, SIZE, OFFSET), 1)
    truth = ground_truth_of(inputs, layer, layer.classes, most=layer.max).on(heat.device)
    objects = Objects.of(truth, heat.shape[3], heat.shape[2])
    found = [one[objects.image, :, objects.row, objects.column] for one in (sizes, offsets)]
    overlap = iou(box_of(*found), box_of(objects.sizes, objects.offsets))
    wanted, count = objects.heat(heat.shape, layer.radius_iou), len(overlap)
    images, peaks, boxes = inputs.totals((len(heat), int((wanted == 1).sum()), count))
    classes = focal(layer, heat, wanted) / max(peaks, 1)
    sides = layer.iou_normalizer * distance(found[0], objects.sizes, boxes)
    centres = layer.offset_normalizer * distance(found[1], objects.offsets, boxes)
    terms = torch.stack((layer.cls_normalizer * classes, sides + centres))
    figures = torch.cat([overlap.sum()[None] / max(count, 1), terms.detach()])
    return ScalarLoss(
        cost=images * terms.sum(),
        line=lambda: log_line("Centernet", head.node.index, count, figures),
        on_stderr=True,
    )


def box_of(sizes: Tensor, offsets: Tensor) -> Box:
    """Return boxes relative to their cells, without a graph."""
    return Box(*offsets.detach().unbind(1), *sizes.detach().unbind(1))


def focal(layer: Centernet, heat: Tensor, wanted: Tensor) -> Tensor:
    """Return the focal loss of heat before the logistic, a sum that is divided by its centres.

    What is near a centre counts less: by (1 - wanted) to the power `focal_beta`.

    Source: CenterNet, src/lib/models/losses.py _neg_loss
    """
    p = heat.sigmoid().clamp(LEAST, 1 - LEAST)
    centre = wanted == 1
    missed = p.log() * (1 - p).pow(layer.focal_alpha) * centre
    weight = (1 - wanted).pow(layer.focal_beta) * ~centre
    false = (1 - p).log() * p.pow(layer.focal_alpha) * weight
    return -(missed.sum() + false.sum())


def distance(found: Tensor, wanted: Tensor, boxes: int) -> Tensor:
    """Return the distance of numbers [K, 2] from those wanted, a sum, by the numbers of `boxes`.

    Source: CenterNet, src/lib/models/losses.py RegL1Loss
    """
    return (found - wanted).abs().sum() / (2 * boxes + LEAST)


@shows(Centernet)
def heat_of_images(node: Node, inputs: LossInputs) -> list[Shown]:
    """Return the heat of each image that is learned, of all classes the largest."""
    layer, x = node.layer, node.inputs[0]
    assert isinstance(layer, Centernet)
    truth = ground_truth_of(inputs, layer, layer.classes, most=layer.max)
    shape = torch.Size((len(truth.rows), layer.classes, x.h, x.w))
    heat = Objects.of(truth, x.w, x.h).heat(shape, layer.radius_iou).amax(1).numpy()
    none = np.zeros(0, np.int64), np.zeros((0, 4), np.float32)
    return [Shown("heat", *none, one) for one in heat]
