"""What [region] loses in the fork."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ...layers.region import RegionAlexeyAB
from ...network import Head
from .base import DeltaLoss, LossInputs, delta_loss, head_by_head
from .class_deltas import focal_steps
from .matcher import Matches
from .region import EARLY, Teacher
from .slots import Slots
from .targets import truths_of


@delta_loss(RegionAlexeyAB)
@head_by_head
def region_loss(layer: RegionAlexeyAB, head: Head, inputs: LossInputs) -> DeltaLoss:
    """Teach objectness everywhere, and where truths are box, objectness and classes.

    Darknet: src/region_layer.c forward_region_layer (AlexeyAB)
    """
    cells_first = head.activated.detach().permute(0, 3, 4, 1, 2)
    values = torch.cat([torch.sigmoid(cells_first[:, :, :2]), cells_first[:, :, 2:]], 2)
    truths = truths_of(inputs, layer, layer.classes, most=layer.max, map=layer.map)
    teacher = ForkTeacher(layer, values, truths)
    teacher.teach(early=inputs.seen < EARLY)
    loss = teacher.loss(head)
    return replace(loss, delta=torch.zeros_like(loss.delta)) if layer.onlyforward else loss


class ForkTeacher(Teacher):
    """The fork's: boxes of all sizes count alike, and classes may be taught where no truth is."""

    layer: RegionAlexeyAB

    def teach_background(self, overlap: Tensor, which: Tensor) -> None:
        """Teach slots that there is nothing, or their overlap where `classfix` is -1.

        Darknet: src/region_layer.c forward_region_layer (AlexeyAB)
        Quirk: CLASSFIX
        """
        layer, objects = self.layer, self.grid.values[:, :, 4]
        if layer.classfix == -1:
            goal = layer.noobject_scale * (overlap - objects)
        else:
            nothing = -layer.noobject_scale * objects
            goal = torch.where(overlap > layer.thresh, 0.0, nothing)
        self.delta[:, :, 4] = goal * self.boxed
        if layer.classfix > 0:
            self.name_near(Matches.where((overlap > layer.thresh) & self.boxed, which, self.truths))

    def name_near(self, matches: Matches) -> None:
        """Teach slots near a truth its class; by their objectness where `classfix` is 2."""
        self.name(matches)
        if self.layer.classfix == 2:
            values = self.grid.values[matches.slots.entries]
            index = matches.slots.entries
            self.delta[index] = torch.cat(
                [self.delta[index][:, :5], self.delta[index][:, 5:] * values[:, 4:5]], 1
            )

    def let_alone(self, slots: Slots) -> None:
        """Teach slots nothing of objectness, as nobody of their image is taught any."""

    def box_steps(self, values: Tensor) -> Tensor:
        """Return steps toward truths' boxes, [K, 4]."""
        targets = self.grid.targets(self.matches.truth, self.matches.slots, torch.log)
        return self.layer.coord_scale * (targets - values[:, :4])

    def names(
        self, before: Tensor, given: Tensor, hits: Tensor, reached: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return class deltas and the probabilities told."""
        steps = hits.float() - given
        if self.layer.focal_loss and self.layer.hierarchy is None:
            steps = focal_steps(given, hits)
        told = torch.where(hits, given, 1.0).prod(1)
        return torch.where(reached, self.layer.class_scale * steps, before), told

    def loss(self, head: Head) -> DeltaLoss:
        """Return what the head loses: slopes count in its cost."""
        delta = self.sloped()
        return self.reported(head, delta, delta.square().sum())
