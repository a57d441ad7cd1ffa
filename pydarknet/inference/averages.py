"""The outputs of a network for a frame, averaged with those for the frames before it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ..boxes.detections import Detections
from ..boxes.settings import Settings
from ..graph.executor import Executor
from ..graph.head import Head
from .predict import Image, boxes_of_heads, evaluation, heads_of_images


class FrameAverage:
    """Finds boxes in the frames of a film: in the mean of the heads' outputs of the last `frames`.

    The frames must come in their order. The mean of the first ones is that of those there were,
    where the C counts missing ones as zeros.

    Darknet: src/demo.c avg_predictions
    """

    def __init__(self, network: Executor, frames: int) -> None:
        self.network = network
        self.last: deque[list[Tensor]] = deque(maxlen=frames)

    def find_boxes(
        self, images: Sequence[Image], chosen: Settings, *, many: bool = False
    ) -> list[Detections]:
        """Return the boxes of each image, after suppression, in the order the C leaves them."""
        with torch.inference_mode(), evaluation(self.network):
            heads = heads_of_images(self.network, images, chosen, many)
            return boxes_of_heads(self.network, self.average(heads), images, chosen)

    def average(self, heads: Sequence[Head]) -> list[Head]:
        """Return heads [N, ...] of the next frames, each averaged with those before it."""
        means: list[list[Tensor]] = []
        for outputs in zip(*(head.activated for head in heads), strict=True):
            self.last.append([output.float() for output in outputs])
            means.append([torch.stack(same).mean(0) for same in zip(*self.last, strict=True)])
        joined = [torch.stack(one) for one in zip(*means, strict=True)]
        return [replace(head, activated=one) for head, one in zip(heads, joined, strict=True)]
