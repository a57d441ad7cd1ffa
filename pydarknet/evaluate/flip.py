"""What a network sees in an image and in its mirror image, averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from ..graph.executor import Head
from ..layers import DetectionHead
from ..network import Network


def both_ways(network: Network, images: Tensor) -> Sequence[Head]:
    """Run the network on images and on their mirror images: the mean of each detection head.

    Darknet: examples/detector.c validate_detector_flip
    """
    heads, mirrored = network(images), network(images.flip(-1))
    return [
        replace(one, activated=(one.activated + layer.unmirrored(other.activated)) / 2)
        for one, other in zip(heads, mirrored, strict=True)
        if isinstance(layer := one.node.layer, DetectionHead)
    ]
