"""The mean of a network's outputs for an image and for its mirror image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from ..graph.executor import Executor
from ..graph.head import Head
from ..layers import DetectionHead


def mirror_average(network: Executor, images: Tensor) -> Sequence[Head]:
    """Run the network on images and their mirror images; return the mean of each detection head.

    Darknet: examples/detector.c validate_detector_flip
    """
    heads, mirrored = network(images), network(images.flip(-1))
    return [
        replace(one, activated=(one.activated + other.unmirror(layer)) / 2)
        for one, other in zip(heads, mirrored, strict=True)
        if isinstance(layer := one.node.layer, DetectionHead)
    ]
