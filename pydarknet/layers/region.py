"""[region], the detection head of YOLOv2 and YOLO9000."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor, nn

from ..boxes.detections import Batch, Detections
from ..boxes.settings import Decoding
from ..cfg.options import option, quiet
from ..modules.hierarchy import Hierarchy
from ..modules.onnx_writer import Value, Writer
from ..modules.parameters import constant
from ..runtime.choose import ALL_ARE_ONE, ALL_OR_ZERO
from ..system.text import count_of
from .anchor_head import unmirror
from .base import FORK, PJREDDIE, Node, Shape, section
from .detection_head import (
    MOST_ANCHORS,
    MOST_BOXES,
    Channels,
    DetectionHead,
    OnnxBoxes,
    OpenCVCells,
    Run,
    above,
    check_anchors,
)
from .region_head import (
    CellsFirstRegionHead,
    RegionHead,
    decode_boxes,
    deepest,
    mapped_scores,
    onnx_region_boxes,
    rivals_of,
)


@section("region")
class Region(DetectionHead):
    """Apply the logistic to positions and objectness, and make class probabilities.

    Darknet: src/parser.c parse_region, src/region_layer.c
    """

    choice = ALL_OR_ZERO
    opencv = "detection_out"
    opencv_defaults = (0.001, 0.4)
    anchors_in_cells = True
    anchor_by_anchor = True
    image = True
    type_number = 27
    live_boxes = False
    size_warning = True

    coords: int = option(4, least=4)
    classes: int = option(20, least=1)
    num: int = option(1, least=1, most=MOST_ANCHORS)
    log: bool = quiet(False)
    sqrt: bool = quiet(False)
    softmax: bool = option(False)
    background: bool = quiet(False, lineage=PJREDDIE)
    max: int = quiet(30, least=1, most=MOST_BOXES)
    jitter: float = option(0.2, least=0, below=1)
    rescore: bool = quiet(False)
    thresh: float = option(0.5, least=0, most=1)
    classfix: int = quiet(0)
    absolute: bool = quiet(False)
    random: float = quiet(0.0, least=0, most=1000)
    coord_scale: float = option(1.0, least=0)
    object_scale: float = option(1.0, least=0)
    noobject_scale: float = option(1.0, least=0)
    mask_scale: float = option(1.0, least=0)
    class_scale: float = option(1.0, least=0)
    bias_match: bool = quiet(False)
    tree: str | None = quiet(None)
    map: str | None = quiet(None)
    anchors: tuple[float, ...] = quiet(())
    label_smooth_eps: float = quiet(0.0, least=0, most=1, live=False)

    def check(self) -> None:
        check_anchors(self, self.anchor_sizes, len(self.anchors), self.num)

    @cached_property
    def hierarchy(self) -> Hierarchy | None:
        """The tree of the classes, if the section names one."""
        return Hierarchy.read(self.tree, self.section) if self.tree else None

    @property
    def boxes(self) -> int:
        return self.num

    @property
    def unplaced(self) -> bool:
        return self.hierarchy is not None

    @property
    def anchor_sizes(self) -> tuple[tuple[float, float], ...]:
        """The width and height of the anchors, in cells.

        Quirk: MISSING_ANCHORS
        """
        listed = (*self.anchors, *(0.5,) * 2 * self.num)
        return tuple((listed[2 * i], listed[2 * i + 1]) for i in range(self.num))

    @property
    def class_channels(self) -> tuple[Channels, ...]:
        fixed, each = self.coords + 1, self.coords + 1 + self.classes
        return (tuple(Run(box * each + fixed) for box in range(self.num)),)

    def shape(self, *inputs: Shape) -> Shape:
        x, needed = inputs[0], self.num * (self.coords + self.classes + 1)
        if x.c != needed:
            raise self.error(
                f"{count_of(self.num, 'anchor')} and {count_of(self.classes, 'class', 'classes')}"
                f" need {needed} channels, the layer before gives {x.c}",
                hint="filters of the [convolutional] before must be"
                f" num * (classes + {self.coords + 1})",
            )
        if self.hierarchy and len(self.hierarchy.parents) != self.classes:
            have = count_of(len(self.hierarchy.parents), "class", "classes")
            raise self.error(f"tree has {have}: expected {self.classes}")
        return x

    @property
    def groups(self) -> tuple[int, ...]:
        """The sizes of the groups, each with its own softmax; none without softmax."""
        if self.hierarchy:
            return self.hierarchy.sizes
        return (self.classes,) if self.softmax else ()

    @property
    def joined(self) -> bool:
        """Whether the background is one more output of the classes' softmax; beside a tree not."""
        return self.background and self.softmax and self.hierarchy is None

    @property
    def rivals(self) -> tuple[int, ...]:
        """Of how many outputs that add up to 1 each class is one."""
        return rivals_of(self.groups, self.classes, self.joined)

    def module(self, *inputs: Shape) -> nn.Module:
        return RegionHead(self.num, self.coords, self.groups, self.background, self.joined)

    def detections(self, outputs: Tensor, size: Shape, decoding: Decoding) -> Batch:
        """Return every anchor at every cell, in the order of `table`; zeros below the threshold.

        Darknet: src/region_layer.c get_region_detections
        """
        boxes, objectness, classes = self.table(outputs)
        scores = self.scores(objectness, classes, decoding)
        seen = self.reported_objectness(objectness, decoding.thresh)
        return Batch.even(len(outputs), Detections(boxes, seen, scores))

    def reported_objectness(self, objectness: Tensor, thresh: float) -> Tensor:
        """Return the objectness of boxes as it is reported: 0 below the threshold."""
        return above(objectness, thresh)

    def table(self, outputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return boxes [K, 4], objectness [K] and classes [K, classes] of all images.

        They run anchor by anchor, in the fork cell by cell.
        """
        cells = outputs.unflatten(1, (self.num, -1)).permute(0, 3, 4, 1, 2)
        anchors = constant(self.anchor_sizes, outputs)
        boxes = decode_boxes(cells[..., :2], cells[..., 2:4], anchors).permute(0, 3, 1, 2, 4)
        values = cells.permute(0, 3, 1, 2, 4).flatten(0, 3)
        objectness = values[:, self.coords]
        if self.background:
            objectness = torch.ones_like(objectness)
        return boxes.flatten(0, 3), objectness, self.products(values[:, self.coords + 1 :])

    def every_box(self, outputs: Tensor, size: Shape) -> Detections:
        boxes, objectness, classes = self.table(outputs)
        return Detections(boxes, objectness, objectness[:, None] * classes)

    def products(self, classes: Tensor) -> Tensor:
        """Return the probabilities of classes, down a tree multiplied along the path."""
        return self.hierarchy.products(classes) if self.hierarchy else classes

    def scores(self, objectness: Tensor, classes: Tensor, decoding: Decoding) -> Tensor:
        seen = above(objectness, decoding.thresh)
        if self.hierarchy is None:
            return above(seen[:, None] * classes, decoding.thresh)
        if decoding.map:
            return mapped_scores(objectness, classes, decoding)
        tops = self.hierarchy.tops(classes, decoding.hier)
        return torch.zeros_like(classes).scatter(1, tops[:, None], seen[:, None])

    @property
    def leaves(self) -> tuple[bool, ...] | None:
        return tuple(self.hierarchy.leaves.tolist()) if self.hierarchy else None

    def onnx_boxes(self, writer: Writer, outputs: Value, size: Shape) -> OnnxBoxes:
        n, (c, h, w) = self.num, map(int, outputs.shape[1:])
        rows = outputs.reshape(n, c // n, h * w).transpose(0, 1, 3, 2).reshape(n * h * w, c // n)
        boxes = onnx_region_boxes(rows.take(2, 0, 2), rows, (w, h), self.anchor_sizes, True)
        objectness = rows.take(2, self.coords, self.coords + 1)
        objectness = objectness * 0.0 + 1 if self.background else objectness
        classes = rows.take(2, self.coords + 1, c // n)
        return OnnxBoxes(boxes, objectness, self.onnx_products(classes))

    def onnx_products(self, classes: Value) -> Value:
        """Write what `products` computes."""
        return self.hierarchy.onnx_products(classes) if self.hierarchy else classes

    def unmirror(self, outputs: Tensor) -> Tensor:
        return unmirror(outputs, self.boxes)

    def check_opencv(self) -> None:
        if self.hierarchy or not self.softmax:
            raise self.error("is none that OpenCV read: expected softmax=1 and no tree")

    def opencv_cells(self, raw: Tensor, size: Shape) -> OpenCVCells:
        values = raw.unflatten(1, (self.num, -1)).permute(0, 3, 4, 1, 2)
        self.check_opencv()
        sides = torch.exp(values[..., 2:4]) * values.new_tensor(self.anchor_sizes)
        objectness, classes = torch.sigmoid(values[..., 4:5]), torch.softmax(values[..., 5:], -1)
        if self.classfix == -1:
            objectness = objectness * (objectness >= 0.5)
        h, w = values.shape[1:3]
        return OpenCVCells(torch.sigmoid(values[..., :2]), sides, objectness, classes, (w, h))

    def row(self, node: Node) -> str:
        return "detection"


@section("region", lineage=FORK)
class RegionAlexeyAB(Region):
    """The fork's: cells come first in memory; positions, and classes without softmax, stay raw.

    Darknet: src/parser.c parse_region, src/region_layer.c (AlexeyAB)
    Quirk: REGION_LAYOUT
    """

    choice = ALL_ARE_ONE
    readable = False
    anchor_by_anchor = False

    coords: int = option(4, least=4, most=4)
    max: int = quiet(200, least=1, most=MOST_BOXES)
    resize: float = quiet(1.0, above=0, least=0.1, most=10)
    focal_loss: bool = quiet(False)

    def check(self) -> None:
        super().check()
        if self.focal_loss and self.label_smooth_eps:
            problem = "the focal loss of [region] has no smooth labels: expected one of the two"
            raise self.section.option_error("label_smooth_eps", problem)

    @property
    def unplaced(self) -> bool:
        return False

    def reported_objectness(self, objectness: Tensor, thresh: float) -> Tensor:
        """Return 1 for all boxes.

        Darknet: src/region_layer.c get_region_detections (AlexeyAB)
        Quirk: REGION_OBJECTNESS
        """
        return torch.ones_like(objectness)

    def table(self, outputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        anchors = constant(self.anchor_sizes, outputs)
        boxes = decode_boxes(torch.sigmoid(outputs[..., :2]), outputs[..., 2:4], anchors)
        values = outputs.flatten(0, 3)
        objectness = values[:, 4]
        if self.classfix == -1:
            objectness = objectness * (objectness >= 0.5)
        return boxes.flatten(0, 3), objectness, self.products(values[:, 5:])

    def scores(self, objectness: Tensor, classes: Tensor, decoding: Decoding) -> Tensor:
        if self.hierarchy is None:
            return above(objectness[:, None] * classes, decoding.thresh)
        if decoding.map:
            return mapped_scores(objectness, classes, decoding)
        return deepest(classes) * (objectness > decoding.thresh)[:, None]

    def onnx_boxes(self, writer: Writer, outputs: Value, size: Shape) -> OnnxBoxes:
        h, w, n, entries = map(int, outputs.shape[1:])
        rows = outputs.reshape(h * w * n, entries)
        places = rows.take(2, 0, 2).sigmoid()
        boxes = onnx_region_boxes(places, rows, (w, h), self.anchor_sizes, False)
        objectness = rows.take(2, 4, 5)
        if self.classfix == -1:
            half = objectness.with_number("GreaterOrEqual", 0.5).cast(writer.dtype)
            objectness = objectness * half
        return OnnxBoxes(boxes, objectness, self.onnx_products(rows.take(2, 5, entries)))

    def unmirror(self, outputs: Tensor) -> Tensor:
        cells = outputs.flip(2).clone()  # [N, H, W, anchors, entries], x before its logistic
        cells[..., 0] = -cells[..., 0]
        return cells

    def module(self, *inputs: Shape) -> nn.Module:
        return CellsFirstRegionHead(self.num, self.coords, self.groups)
