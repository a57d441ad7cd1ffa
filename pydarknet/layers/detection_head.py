"""The base of detection heads: how to decode their boxes, and the options of their training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, TypeAlias

from torch import Tensor

from ..boxes.competition import Competition
from ..boxes.detections import Batch, Detections
from ..boxes.rule import OURS, SuppressionRule
from ..boxes.settings import Decoding
from ..cfg.options import quiet
from ..modules.onnx_writer import Value, Writer
from ..runtime.choose import OBJECTS
from ..system.console import note_once
from ..system.text import count_of
from .base import Layer, Node, Shape

MOST_ANCHORS: Final = 10_000  # per cell
MOST_BOXES: Final = 100_000  # true ones per image


class Run(NamedTuple):
    """Channels of a map that follow each other: the first, and how many there are for a class."""

    first: int
    each: int = 1


Channels: TypeAlias = tuple[Run, ...]


@dataclass(frozen=True)
class OpenCVCells:
    """OpenCV's values for each cell and anchor, [N, H, W, anchors, ...], before they become rows.

    `places` are in cells. `sides` are in units; the network's input is `unit` units wide and high.
    """

    places: Tensor
    sides: Tensor
    objectness: Tensor
    classes: Tensor
    unit: tuple[int, int]


class OnnxBoxes(NamedTuple):
    """The boxes of a head as values of an ONNX graph, in the order of the C.

    `boxes` [N, K, 4] are centre x, y, width, height in 0..1 of the network's input, `objectness` is
    [N, K, 1], and `classes` [N, K, C] are the probabilities of an object's classes; down a tree
    they are multiplied along the path.
    """

    boxes: Value
    objectness: Value
    classes: Value


@dataclass(frozen=True, kw_only=True)
class SuppressionOptions(Layer):
    """How boxes are suppressed, by options that no C program has: so they decide no dialect.

    Quirk: SUPPRESSION_OF_OURS
    """

    beta_nms = 0.6  # the exponent of diounms, which only the fork's heads have
    post_nms = 0  # so many scores of an image stay, which heads over maps declare; 0: all

    nms_kind: str = quiet("default", choices=OURS, others_unused=True, live=False)
    sigma_nms: float = quiet(0.5, above=0, live=False)
    nms_agnostic: bool = quiet(False, live=False)

    @property
    def suppression(self) -> SuppressionRule:
        """The rule of non-maximum suppression; that of the last head decides."""
        return SuppressionRule(
            self.nms_kind,
            self.beta_nms,
            self.sigma_nms,
            self.nms_agnostic,
            after=self.post_nms,
        )


@dataclass(frozen=True, kw_only=True)
class FocalOptions(Layer):
    """The options of focal loss in heads that have another loss without them."""

    focal_alpha: float | None = quiet(None, least=0, most=1, live=False)
    focal_gamma: float | None = quiet(None, least=0, live=False)

    @property
    def focal(self) -> tuple[float, float] | None:
        """Alpha and gamma of focal loss, if one is given; the other is the paper's then.

        Lin et al., Focal Loss for Dense Object Detection, arXiv 1708.02002
        """
        alpha, gamma = self.focal_alpha, self.focal_gamma
        if alpha is None and gamma is None:
            return None
        return 0.25 if alpha is None else alpha, 2.0 if gamma is None else gamma


class DetectionHead(SuppressionOptions):
    """A head that outputs boxes. A subclass declares the fields without a default as options.

    Training data, evaluation, weights files and the compatible interfaces read only these fields.
    """

    head = True
    choice: ClassVar[str] = OBJECTS  # of `every_box` for `detections`: see runtime/choose.py
    exact: ClassVar[bool] = True  # no score is 0 for what a rounding decides
    corrects_letterbox: ClassVar[bool] = True  # boxes are mapped from the letterbox to the image
    type_number: ClassVar[int] = 0  # printed by the fork; 0: not printed
    opencv_defaults: ClassVar[tuple[float, float]] = (0.2, 0.0)  # thresh and nms_threshold there
    anchors_in_cells: ClassVar[bool] = False  # `anchor_sizes` are; else in pixels of the input
    anchor_by_anchor: ClassVar[bool] = False  # the order of `onnx_boxes`; else cell by cell
    clustered: ClassVar[bool] = True  # its anchors may be those that suit the boxes of a data set
    live_boxes: ClassVar[bool] = True  # the live fork finds its boxes, if it has the section
    size_warning: ClassVar[bool] = False  # the fork warns if an input side is not a multiple of 32

    classes: int
    max: int  # true boxes per image that training reads
    jitter: float  # fraction of a side by which training moves the edges of images
    resize = 1.0  # factor by which training enlarges or shrinks images
    random = 0.0  # if not 0, training varies the input's size; in the fork a factor
    cells = 0  # YOLOv1: cells per side, each for one true box; 0: truth is rows of boxes

    @property
    def boxes(self) -> int:
        """The number of anchors per cell of its input; 0 if the input is not a map."""
        return 0

    @property
    def anchor_sizes(self) -> tuple[tuple[float, float], ...]:
        """The width and height of its anchors; none if it has none."""
        return ()

    @property
    def class_channels(self) -> tuple[Channels, ...]:
        """The channels for classes of each map that it reads; none if it reads no maps."""
        return ()

    def input_options(self, node: Node) -> Mapping[str, str]:
        """Return those options that must change where the input has the size of this node's."""
        return {}

    @property
    def alike(self) -> dict[str, object]:
        """The options that all sections of its name must have alike where they are trained."""
        return {}

    @property
    def free(self) -> bool:
        """Whether its anchors are the sides of its cells, which no boxes need to fit."""
        return False

    @property
    def unplaced(self) -> bool:
        """Whether a label may name a class of the whole image without a box."""
        return False

    def detections(self, outputs: Tensor, size: Shape, decoding: Decoding) -> Batch:
        """Return the boxes in 0..1 of the network's input.

        `outputs` [N, ...] are the layer's. Boxes below the threshold may be left out. Within an
        image, they are in the order of the C.

        Darknet: src/network.c fill_network_boxes
        """
        raise NotImplementedError

    def competition(self, node: Node) -> Competition | None:
        """Return which scores compete for being left by suppression; None: all."""
        return None

    def competitors(self, outputs: Tensor, node: Node, thresh: float) -> Tensor:
        """Return outputs [N, ...], without those scores above a threshold that do not compete."""
        return outputs

    def scores(self, objectness: Tensor, classes: Tensor, decoding: Decoding) -> Tensor:
        """Return scores [K, classes], 0 below the threshold, of boxes with these probabilities."""
        return above(objectness[:, None] * classes, decoding.thresh)

    @property
    def leaves(self) -> tuple[bool, ...] | None:
        """Which classes have none below them; None if there is no tree of classes."""
        return None

    def every_box(self, outputs: Tensor, size: Shape) -> Detections:
        """Return the boxes of all images as `onnx_boxes` writes them, below any threshold too.

        Their probabilities are scores: class times objectness.
        """
        return self.detections(outputs, size, Decoding(thresh=float("-inf"))).rows

    def onnx_boxes(self, writer: Writer, outputs: Value, size: Shape) -> OnnxBoxes:
        """Write what `detections` computes before it compares with thresholds."""
        raise self.error("cannot be written as ONNX with its boxes: expected the layout raw")

    def unmirror(self, outputs: Tensor) -> Tensor:
        """Convert outputs [N, ...] for mirror images to outputs for the images themselves.

        Darknet: src/yolo_layer.c avg_flipped_yolo
        """
        raise self.error("cannot be averaged with its mirror image: detector valid takes it")

    def check_opencv(self) -> None:
        """Raise an error for a head that OpenCV's importer does not read."""
        if not self.opencv:
            raise self.error("is none that OpenCV read")

    @property
    def opencv_limits(self) -> tuple[float, float]:
        """What OpenCV's importer applies to scores: a threshold, and the overlap of suppression.

        It reads `thresh` and `nms_threshold` of the section, even where Darknet does not. An
        overlap of 0 suppresses nothing.
        """
        found = map(self.section.find, ("thresh", "nms_threshold"))
        thresh, overlap = (
            float(entry.value) if entry and entry.value else default
            for entry, default in zip(found, self.opencv_defaults, strict=True)
        )
        return thresh, overlap

    def opencv_cells(self, raw: Tensor, size: Shape) -> OpenCVCells:
        """Return OpenCV's values for the head's input [N, C, H, W]; `size` is the network input's.

        Only called for heads with an `opencv` name.
        """
        raise NotImplementedError


def above(scores: Tensor, thresh: float) -> Tensor:
    """Return scores; those that do not exceed the threshold become 0."""
    return scores * (scores > thresh)


def check_anchors(
    layer: Layer, sizes: Iterable[tuple[float, float]], listed: int, needed: int
) -> None:
    """Raise an error for an anchor without width or height; tell of numbers that are missing.

    `listed` is how many numbers the section has, `needed` how many anchors are used.
    """
    if listed % 2 or 0 < listed < 2 * needed:
        pairs = f"expected {2 * needed}, a width and a height for each of {needed}"
        pairs = "expected pairs of width and height" if listed > 2 * needed else pairs
        half = "" if listed >= 2 * needed else "; each that is missing is 0.5"
        problem = f"{count_of(listed, 'number')}: {pairs}{half}"
        note_once(str(layer.section.option_error("anchors", problem)))
    for width, height in sizes:
        if not (width > 0 and height > 0):
            problem = f"an anchor is {width:g} x {height:g}: expected more than 0"
            raise layer.section.option_error("anchors", problem)


def detection_heads(layers: Iterable[Layer]) -> list[DetectionHead]:
    """Return the detection heads among a network's layers."""
    return [layer for layer in layers if isinstance(layer, DetectionHead)]


def last_detection_head(layers: Iterable[Layer]) -> DetectionHead | None:
    """Return the last detection head, whose options apply to all; None if there is none.

    Darknet: src/detector.c train_detector
    """
    return next(reversed(detection_heads(layers)), None)


def type_lines(nodes: Iterable[Node]) -> list[str]:
    """Return the lines in which the fork lists the types of detection heads.

    Darknet: src/detector.c train_detector, validate_detector_map (AlexeyAB)
    """
    return [
        f" Detection layer: {node.index} - type = {node.layer.type_number} "
        for node in nodes
        if isinstance(node.layer, DetectionHead) and node.layer.type_number
    ]
