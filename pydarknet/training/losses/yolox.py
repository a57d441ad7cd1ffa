"""The loss of [yolox]: SimOTA over all its maps, then IoU, objectness, classes and L1."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ...boxes.anchors import Cells, cells_of, decode, encode
from ...graph.head import Head
from ...layers.map_head import BOX
from ...layers.yolox import FIXED, Yolox
from .base import LossInputs, ScalarLoss, head_by_head, scalar_loss
from .iou import Box
from .map_heads import MEASURES, log_line, truth_of
from .pull import Pull
from .simota import Assignment, Candidates, Rule, Truth, assign
from .smoothing import smooth


@dataclass(frozen=True)
class Predicted:
    """What a head predicts for the P cells of its maps: entries [N, 5 + classes, P], as they come.

    `boxes` [N, 4, P] are in pixels of the network's input.
    """

    entries: Tensor
    cells: Cells
    boxes: Tensor

    @classmethod
    def of(cls, head: Head, size: tuple[int, int]) -> Predicted:
        """Return what a head predicts for an input of `size`, width and height."""
        maps = [(x.shape[2], x.shape[3]) for x in head.inputs]
        entries = torch.cat([x.flatten(2) for x in head.inputs], 2)
        cells = cells_of(maps, size, entries.device)
        return cls(entries, cells, decode(entries[:, :BOX], cells))

    def candidates(self) -> Candidates:
        """Return the same for SimOTA, without a graph."""
        found = self.entries.detach()
        cells = Box(*self.cells.centres, *self.cells.sides)
        boxes = Box(*self.boxes.detach().unbind(1))
        classes = found[:, FIXED:].sigmoid().transpose(1, 2)
        return Candidates(cells, boxes, found[:, BOX].sigmoid(), classes)


@scalar_loss(Yolox)
@head_by_head
def yolox_loss(layer: Yolox, head: Head, inputs: LossInputs) -> ScalarLoss:
    """Return N times the official loss of a mini-batch of N images.

    Each term is a sum over cells, divided by the number of those that were assigned a true box.

    Source: YOLOX, yolox/models/yolo_head.py get_losses
    """
    size = inputs.size.w, inputs.size.h
    found = Predicted.of(head, size)
    truth = truth_of(layer, inputs, size, found.entries.device)
    rule = Rule(radius=layer.radius, candidates=layer.candidates, iou_weight=layer.simota_iou)
    assigned = assign(found.candidates(), truth, rule)
    images, matched = inputs.totals((len(found.entries), len(assigned.place)))
    sums = weighted_sums(layer, found, truth, assigned)
    terms = torch.stack(sums) / max(matched, 1)  # [4]
    count = len(assigned.place)
    boxes, objects, classes, distance = terms.detach()
    overlap = assigned.overlap.sum() / max(count, 1)
    figures = torch.stack([overlap, objects + classes, boxes + distance])
    return ScalarLoss(
        cost=images * terms.sum(),
        line=lambda: log_line("Yolox", head.node.index, count, figures),
        on_stderr=True,
    )


def weighted_sums(
    layer: Yolox, found: Predicted, truth: Truth, assigned: Assignment
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the sums of boxes, objectness, classes and L1 over cells, with their weights.

    Source: YOLOX, yolox/models/yolo_head.py get_losses
    """
    image, place, row, overlap = assigned
    entries = found.entries[image, :, place]  # [K, 5 + classes]
    boxes = Box(*found.boxes[image, :, place].unbind(1))
    true = Box(*(part[image, row] for part in truth.boxes))
    there = torch.zeros_like(found.entries[:, BOX])
    there[image, place] = 1
    kinds = F.one_hot(truth.classes[image, row], layer.classes) * overlap[:, None]
    kinds = smooth(kinds, layer.label_smooth_eps, (2,) * layer.classes)
    wanted = encode(torch.stack(true), found.cells.at(place)).T
    pull = Pull.of(layer)
    return (
        layer.iou_normalizer * (1 - MEASURES[layer.iou_loss](boxes, true)).sum(),
        layer.obj_normalizer * pull.loss(there, found.entries[:, BOX]).sum(),
        layer.cls_normalizer * pull.loss(kinds, entries[:, FIXED:]).sum(),
        layer.l1 * (entries[:, :BOX] - wanted).abs().sum(),
    )
