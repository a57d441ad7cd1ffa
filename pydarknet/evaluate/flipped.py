"""What a network sees in an image and in its mirror image, averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import singledispatch

from torch import Tensor

from ..layers import Layer
from ..layers.region import Region, RegionAlexeyAB
from ..layers.yolo import Yolo
from ..network import Head, Network


def both_ways(network: Network, images: Tensor) -> Sequence[Head]:
    """Run the network on images and on their mirror images, and return the mean of each head.

    Darknet: examples/detector.c validate_detector_flip
    """
    heads, mirrored = network(images), network(images.flip(-1))
    return [
        replace(one, activated=(one.activated + unmirrored(one.node.layer, other.activated)) / 2)
        for one, other in zip(heads, mirrored, strict=True)
    ]


@singledispatch
def unmirrored(layer: Layer, output: Tensor) -> Tensor:
    """Return what a head gave for mirror images [N, ...] as if for the images themselves.

    Darknet: src/yolo_layer.c avg_flipped_yolo, src/region_layer.c get_region_detections
    """
    raise layer.error("cannot be averaged with its mirror image: detector valid takes it")


@unmirrored.register
def _(layer: Yolo | Region, output: Tensor) -> Tensor:
    boxes = output.unflatten(1, (layer.boxes, -1)).flip(-1).clone()
    boxes[:, :, 0] = mirrored_place(boxes[:, :, 0])
    return boxes.flatten(1, 2)


@unmirrored.register
def _(layer: RegionAlexeyAB, output: Tensor) -> Tensor:
    cells = output.flip(2).clone()  # [N, H, W, anchors, entries], x before its logistic
    cells[..., 0] = -cells[..., 0]
    return cells


def mirrored_place(x: Tensor) -> Tensor:
    """Return where in its cell, 0..1, a mirrored box's centre is.

    Darknet: src/yolo_layer.c avg_flipped_yolo
    Quirk: VALID2_MIRROR
    """
    return 1 - x
