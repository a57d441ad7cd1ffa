"""What a network computed of the last images: boxes are chosen of it at any threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..boxes.box_arrays import BoxArrays
from ..boxes.settings import Settings
from ..runtime.network import RuntimeNetwork

if TYPE_CHECKING:
    from ..graph.head import Head
    from ..network import Network


class LastOutputs(Protocol):
    """Outputs of torch's network, or of a compiled one."""

    def boxes(self, size: tuple[int, int], chosen: Settings, images: int) -> list[BoxArrays]:
        """Return the boxes of each image before suppression, in 0..1 of an image of this size."""


@dataclass(frozen=True)
class HeadOutputs:
    """The heads' outputs for a batch, by torch."""

    network: Network
    heads: list[Head]

    def boxes(self, size: tuple[int, int], chosen: Settings, images: int) -> list[BoxArrays]:
        import torch

        from ..inference.predict import decode

        with torch.inference_mode():
            found = decode(self.network, self.heads, [canvas(size)] * images, chosen)
        return [boxes.numpy() for boxes in found]


@dataclass(frozen=True)
class TableOutputs:
    """The tables of each image, all boxes that the heads compute; without torch."""

    network: RuntimeNetwork
    tables: Sequence[tuple[BoxArrays, ...]]

    def boxes(self, size: tuple[int, int], chosen: Settings, images: int) -> list[BoxArrays]:
        image = canvas(size)
        return [self.network.boxes_in_image(each, image, chosen) for each in self.tables]


def canvas(size: tuple[int, int]) -> np.ndarray:
    """Return an image of a width and a height, without channels: where boxes lie depends on it."""
    width, height = size
    return np.empty((height, width, 0), np.uint8)
