"""What every detection head is: a layer that says how its boxes, truth and training data look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from ..boxes.detections import Batch
from .base import Layer, Node, Shape


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How boxes are made of a head's output: thresholds, and which classes a tree's are read as."""

    thresh: float
    hier: float = 0.5
    map: tuple[int, ...] | None = None


@dataclass(frozen=True)
class OpenCVCells:
    """What OpenCV makes of the map before a head, [N, H, W, anchors, ...], ready to become rows.

    `places` are in cells; `sides` are in units, and the network's input is `unit` of them wide and
    high. `thresh` and `overlap` apply where the section has no `thresh` and no `nms_threshold`.
    """

    places: Tensor
    sides: Tensor
    objectness: Tensor
    classes: Tensor
    unit: tuple[int, int]
    thresh: float
    overlap: float


class DetectionHead(Layer):
    """A head that gives boxes. Its section must have the three options that have no default here.

    Evaluation, training data, weights files and the compatible interfaces know nothing else of it.
    """

    head = True
    corrected: ClassVar[bool] = True  # whether its boxes are taken out of the letterbox
    number: ClassVar[int] = 0  # of its type, as the fork prints it; 0: not printed
    by_32: ClassVar[bool] = False  # whether the fork warns of sizes that 32 does not divide

    classes: int
    max: int  # boxes of an image that training reads
    jitter: float  # the share of an image's side that training moves its edges by
    resize = 1.0  # the factor that training enlarges or shrinks images by
    random = 0.0  # whether training draws the input's size, or the factor that it draws it by
    cells = 0  # a side, each of which takes one true box; 0 where truth is a list of boxes

    @property
    def boxes(self) -> int:
        """How many anchors it has at every cell of the map before it; 0 where that is no map."""
        return 0

    @property
    def unplaced(self) -> bool:
        """Whether a label may name a class of the whole image, without a box."""
        return False

    @property
    def suppression(self) -> tuple[str, float]:
        """The kind of non-maximum suppression that a last head asks for, and its exponent."""
        return "default", 0.6

    def detections(self, outputs: Tensor, size: Shape, decoding: Decoding) -> Batch:
        """Return the boxes of images of the network's size, in 0..1 of that.

        `outputs` [N, ...] are the layer's. Boxes below the threshold may be left out, and their
        order within an image is the C's.

        Darknet: src/network.c fill_network_boxes
        """
        raise NotImplementedError

    def unmirrored(self, outputs: Tensor) -> Tensor:
        """Return what it gave for mirror images [N, ...] as if for the images themselves.

        Darknet: src/yolo_layer.c avg_flipped_yolo
        """
        raise self.error("cannot be averaged with its mirror image: detector valid takes it")

    def opencv_cells(self, raw: Tensor, size: Shape) -> OpenCVCells:
        """Return what OpenCV makes of the map [N, C, H, W] before the head; `size` is the input's.

        Only heads with an `opencv` name are asked.
        """
        raise NotImplementedError


def detection_heads(layers: Iterable[Layer]) -> list[DetectionHead]:
    """Return those of a network's layers that give boxes."""
    return [layer for layer in layers if isinstance(layer, DetectionHead)]


def last_detection_head(layers: Iterable[Layer]) -> DetectionHead | None:
    """Return the last detection head, whose options count for all of them; None without any.

    Darknet: src/detector.c train_detector
    """
    return next(reversed(detection_heads(layers)), None)


def type_lines(nodes: Iterable[Node]) -> list[str]:
    """Return the lines in which the fork lists the types of detection heads.

    Darknet: src/detector.c train_detector, validate_detector_map (AlexeyAB)
    """
    return [
        f" Detection layer: {node.index} - type = {node.layer.number} "
        for node in nodes
        if isinstance(node.layer, DetectionHead) and node.layer.number
    ]
