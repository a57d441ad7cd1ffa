"""What a detection head's section says about training data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

from ..layers import Layer
from ..layers.detection import DetectionAlexeyAB, DetectionLayer
from ..layers.gaussian_yolo import GaussianYolo
from ..layers.region import Region, RegionAlexeyAB
from ..layers.yolo import Yolo, YoloAlexeyAB
from ..network import Network


@dataclass(frozen=True)
class HeadData:
    """Options of a head: `most` boxes of an image; `cells` a side, 0 where truth is rows of boxes.

    `unplaced` says whether a label may name a class without a place.
    """

    classes: int
    most: int
    jitter: float
    random: float
    resize: float = 1.0
    unplaced: bool = False
    cells: int = 0


@singledispatch
def head_data(layer: Layer) -> HeadData:
    """Return what a head's section says about its training data."""
    raise layer.error("is no detection head: expected one that finds boxes")


@head_data.register
def _(layer: Yolo) -> HeadData:
    return HeadData(layer.classes, layer.max, layer.jitter, layer.random)


@head_data.register(YoloAlexeyAB)
@head_data.register(GaussianYolo)
def _(layer: YoloAlexeyAB | GaussianYolo) -> HeadData:
    return HeadData(layer.classes, layer.max, layer.jitter, layer.random, layer.resize)


@head_data.register
def _(layer: Region) -> HeadData:
    tree = layer.hierarchy is not None
    return HeadData(layer.classes, layer.max, layer.jitter, layer.random, unplaced=tree)


@head_data.register
def _(layer: RegionAlexeyAB) -> HeadData:
    return HeadData(layer.classes, layer.max, layer.jitter, layer.random, layer.resize)


@head_data.register(DetectionLayer)
@head_data.register(DetectionAlexeyAB)
def _(layer: DetectionLayer) -> HeadData:
    return HeadData(layer.classes, layer.max, layer.jitter, 0.0, cells=layer.cells)


def last_head(network: Network) -> HeadData | None:
    """Return the data of the last detection head, whose options count for all; None without any.

    Darknet: src/detector.c train_detector
    """
    heads = [layer for layer in network.layers if layer.detector]
    return head_data(heads[-1]) if heads else None
