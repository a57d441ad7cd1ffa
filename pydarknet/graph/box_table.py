"""What an exported file gives in a head's place: a table of boxes, or the head's own input."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..boxes.detections import Batch, Detections
from ..boxes.settings import Decoding
from ..layers import DetectionHead, Shape
from ..runtime.choose import OBJECTS, choose
from .head import Head


@dataclass(frozen=True)
class BoxTable(Head):
    """A table of boxes in a head's place, of several heads' boxes in the last one's.

    `activated` [N, K, 5 + classes] are centre x, y, width, height in 0..1 of the network's input,
    objectness, scores. A table that is `whole` has what the head computes, as its `every_box`
    returns it; another has for its objectness the best score. A row of zeros is no box.
    """

    whole: bool = True
    left: bool = False  # whether its boxes are those that suppression leaves

    @property
    def suppressed(self) -> bool:
        return self.left

    def detections(self, layer: DetectionHead, size: Shape, decoding: Decoding) -> Batch:
        choice, tree = (layer.choice, layer.hierarchy) if self.whole else (OBJECTS, None)
        images, each = self.activated.shape[:2]
        rows = self.activated.flatten(0, 1)
        table = Detections(rows[:, :4], rows[:, 4], rows[:, 5:]).numpy()
        limit = None if self.left else layer.competition(self.node)
        found = [choose(choice, one, tree, decoding, limit) for one in table.split([each] * images)]
        parts = [Detections.of_arrays(one) for one in (table.take(slice(0)), *found)]
        return Batch(Detections.cat(parts), torch.tensor([len(part) for part in parts[1:]]).long())

    def unmirror(self, layer: DetectionHead) -> Tensor:
        raise layer.error(
            "an exported table of boxes has no mean with its mirror image's: expected a file of"
            " the layout raw"
        )
