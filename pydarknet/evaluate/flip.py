"""What a network sees in an image and in its mirror image, averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from ..graph.executor import Head
from ..network import Network


def both_ways(network: Network, images: Tensor) -> Sequence[Head]:
    """Run the network on images and on their mirror images, and return the mean of each head.

    Darknet: examples/detector.c validate_detector_flip
    """
    heads, mirrored = network(images), network(images.flip(-1))
    return [
        replace(one, activated=(one.activated + one.node.layer.unmirrored(other.activated)) / 2)
        for one, other in zip(heads, mirrored, strict=True)
    ]
