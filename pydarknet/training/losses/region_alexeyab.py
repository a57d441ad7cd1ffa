"""The loss of [region] in the fork."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ...graph.head import Head
from ...layers.region import RegionAlexeyAB
from .base import DeltaLoss, LossInputs, delta_loss, head_by_head
from .class_deltas import focal_deltas
from .matcher import Matches
from .region import EARLY, DeltaWriter
from .slots import Slots
from .targets import ground_truth_of


@delta_loss(RegionAlexeyAB)
@head_by_head
def region_loss(layer: RegionAlexeyAB, head: Head, inputs: LossInputs) -> DeltaLoss:
    """Return deltas of objectness for all slots, and of all entries for matched ones.

    Darknet: src/region_layer.c forward_region_layer (AlexeyAB)
    """
    # [N, H, W, num, entries] as the fork's layer has it, to [N, num, entries, H, W]
    cells_first = head.activated.detach().permute(0, 3, 4, 1, 2)
    values = torch.cat([torch.sigmoid(cells_first[:, :, :2]), cells_first[:, :, 2:]], 2)
    truth = ground_truth_of(inputs, layer, layer.classes, most=layer.max, map=layer.map)
    writer = ForkDeltaWriter(layer, values, truth)
    writer.write(early=inputs.seen < EARLY)
    loss = writer.loss(head)
    return replace(loss, delta=torch.zeros_like(loss.delta)) if layer.onlyforward else loss


class ForkDeltaWriter(DeltaWriter):
    """The fork's: boxes of all sizes count alike, and slots near a box may have classes too."""

    layer: RegionAlexeyAB

    def write_background(self, overlap: Tensor, index: Tensor) -> None:
        """Write objectness toward 0, or toward the IoU where `classfix` is -1.

        Darknet: src/region_layer.c forward_region_layer (AlexeyAB)
        Quirk: CLASSFIX
        """
        layer, objectness = self.layer, self.grid.values[:, :, 4]
        if layer.classfix == -1:
            delta = layer.noobject_scale * (overlap - objectness)
        else:
            toward_zero = -layer.noobject_scale * objectness
            delta = torch.where(overlap > layer.thresh, 0.0, toward_zero)
        self.delta[:, :, 4] = delta * self.has_boxes
        if layer.classfix > 0:
            near = (overlap > layer.thresh) & self.has_boxes
            self.write_near(Matches.where(near, index, self.there))

    def write_near(self, matches: Matches) -> None:
        """Write the classes of slots near a box, times their objectness where `classfix` is 2."""
        self.write_classes(matches)
        if self.layer.classfix == 2:
            values = self.grid.values[matches.slots.entries]
            index = matches.slots.entries
            self.delta[index] = torch.cat(
                [self.delta[index][:, :5], self.delta[index][:, 5:] * values[:, 4:5]], 1
            )

    def clear_objectness(self, slots: Slots) -> None:
        """Do nothing: no slot of an image without boxes has an objectness delta."""

    def box_deltas(self, values: Tensor) -> Tensor:
        """Return the deltas of x, y, w and h, [K, 4]."""
        targets = self.grid.targets(self.matches.truth, self.matches.slots, torch.log)
        return self.layer.coord_scale * (targets - values[:, :4])

    def class_deltas(
        self, before: Tensor, output: Tensor, target: Tensor, affected: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return class deltas [K, classes], and the probabilities of true classes [K]."""
        deltas = self.goals(target) - output
        if self.layer.focal_loss and self.layer.hierarchy is None:
            deltas = focal_deltas(output, target)
        probabilities = torch.where(target, output, 1.0).prod(1)
        return torch.where(affected, self.layer.class_scale * deltas, before), probabilities

    def loss(self, head: Head) -> DeltaLoss:
        """Return the loss of the head. Its cost includes the sigmoid's derivative."""
        delta = self.raw_delta()
        return self.loss_with_line(head, delta, delta.square().sum())
