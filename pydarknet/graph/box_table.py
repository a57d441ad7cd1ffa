"""What an exported file gives in a head's place: a table of boxes, or the head's own input."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ..boxes.detections import Batch, Detections
from ..boxes.settings import Decoding
from ..layers import DetectionHead, Shape, above_thresh
from .executor import Head


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
        rows, images = self.activated.flatten(0, 1), len(self.activated)
        table = Detections(rows[:, :4], rows[:, 4], rows[:, 5:])
        if self.whole:
            return layer.choose(table, images, decoding)
        return above_thresh(table, images, decoding.thresh)

    def unmirror(self, layer: DetectionHead) -> Tensor:
        raise layer.error(
            "an exported table of boxes has no mean with its mirror image's: expected a file of"
            " the layout raw"
        )
