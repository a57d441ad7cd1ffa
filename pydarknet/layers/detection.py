"""[detection], the head of YOLOv1."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..boxes.detections import Batch, Detections
from ..boxes.settings import Decoding
from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value, Writer
from ..runtime.choose import ALL
from ..system.text import count_of
from .anchor_head import onnx_centres
from .base import FORK, Node, Shape, section
from .detection_head import MOST_ANCHORS, MOST_BOXES, DetectionHead, OnnxBoxes, above


@section("detection")
class DetectionLayer(DetectionHead):
    """Output class probabilities, confidences and boxes of side x side cells.

    Darknet: src/parser.c parse_detection, src/detection_layer.c
    """

    live = False
    choice = ALL
    corrects_letterbox = False
    size_warning = True

    coords: int = option(1, least=1)
    classes: int = option(1, least=1)
    rescore: bool = option(False)
    num: int = option(1, least=1, most=MOST_ANCHORS)
    cells: int = option(7, key="side", least=1)
    softmax: bool = option(False)
    sqrt: bool = option(False)
    max: int = quiet(90, least=1, most=MOST_BOXES)
    coord_scale: float = option(1.0, least=0)
    forced: bool = option(False)
    object_scale: float = option(1.0, least=0)
    noobject_scale: float = option(1.0, least=0)
    class_scale: float = option(1.0, least=0)
    jitter: float = option(0.2, least=0, below=1)
    random: float = quiet(0.0, least=0, most=1000)
    reorg: bool = quiet(False)
    label_smooth_eps: float = quiet(0.0, least=0, most=1, live=False)

    def check(self) -> None:
        if self.label_smooth_eps and not self.softmax:
            raise self.section.option_error("label_smooth_eps", "expected softmax=1 with it")

    def shape(self, *inputs: Shape) -> Shape:
        needed = self.cells**2 * ((1 + self.coords) * self.num + self.classes)
        if inputs[0].outputs != needed:
            raise self.error(
                f"{self.cells} x {self.cells} cells of {count_of(self.num, 'box', 'boxes')}"
                f" and {count_of(self.classes, 'class', 'classes')}"
                f" need {needed} inputs, the layer before gives {inputs[0].outputs}",
                hint="output of the [connected] before must be"
                " side * side * (num * (1 + coords) + classes)",
            )
        return Shape(length=needed)

    def module(self, *inputs: Shape) -> nn.Module:
        return CellClasses(self.cells**2, self.classes, self.softmax)

    def check_boxes(self) -> None:
        """Raise an error if the numbers of a box do not make one."""
        if self.coords < 4:
            raise self.error(f"coords = {self.coords}: expected 4, which make a box")

    def detections(self, outputs: Tensor, size: Shape, decoding: Decoding) -> Batch:
        """Return every box of every cell, with the scores that exceed the threshold.

        Darknet: src/detection_layer.c get_detection_detections
        Quirk: YOLOV1_BOXES
        """
        self.check_boxes()
        cells, n = self.cells**2, self.num
        classes, objectness, values = outputs.split(
            [cells * self.classes, cells * n, cells * n * self.coords], 1
        )
        values = values.reshape(-1, cells, n, self.coords)
        place = torch.arange(cells, device=outputs.device)[:, None]
        x = (place % self.cells + values[..., 0]) / self.cells
        y = (place // self.cells + values[..., 1]) / self.cells
        w, h = (values[..., i] ** (2 if self.sqrt else 1) for i in (2, 3))
        scores = objectness.reshape(-1, cells, n, 1) * classes.reshape(len(outputs), cells, 1, -1)
        found = Detections(
            torch.stack([x, y, w, h], 3).flatten(0, 2),
            objectness.flatten(),
            above(scores.flatten(0, 2), decoding.thresh),
        )
        return Batch.even(len(outputs), found)

    def onnx_boxes(self, writer: Writer, outputs: Value, size: Shape) -> OnnxBoxes:
        self.check_boxes()
        cells, n, count = self.cells**2, self.num, int(outputs.shape[1])
        first, second = cells * self.classes, cells * (self.classes + n)
        objectness = outputs.take(1, first, second).reshape(cells * n, 1)
        values = outputs.take(1, second, count).reshape(cells * n, self.coords)
        centres = onnx_centres(values.take(2, 0, 2), self.cells, self.cells, n)
        sides = values.take(2, 2, 4)
        boxes = writer.concat(2, centres, sides * sides if self.sqrt else sides)
        classes = outputs.take(1, 0, first).reshape(cells, 1, self.classes)
        each = writer.concat(2, *[classes] * n).reshape(cells * n, self.classes)
        return OnnxBoxes(boxes, objectness, each)

    def side(self, node: Node) -> int:
        return self.cells

    def row(self, node: Node) -> str:
        return "Detection Layer"


@section("detection", lineage=FORK)
class DetectionAlexeyAB(DetectionLayer):
    """The fork's, with more boxes per image."""

    max: int = quiet(200, least=1, most=MOST_BOXES)
    resize: float = quiet(1.0, above=0, least=0.1, most=10)


class CellClasses(nn.Module):
    """Flatten to [N, outputs]: classes of each cell, then all confidences, then all boxes.

    Darknet: src/detection_layer.c forward_detection_layer
    """

    def __init__(self, cells: int, classes: int, softmax: bool) -> None:
        super().__init__()
        self.cells, self.classes, self.softmax = cells, classes, softmax

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(1)
        if not self.softmax:
            return flat
        n = self.cells * self.classes
        classes = torch.softmax(flat[:, :n].unflatten(1, (self.cells, -1)), 2).flatten(1)
        return torch.cat([classes, flat[:, n:]], 1)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        flat = inputs[0].flatten()
        if not self.softmax:
            return flat
        n = self.cells * self.classes
        classes = flat.take(1, 0, n).reshape(self.cells, self.classes).softmax(2).flatten()
        return writer.concat(1, classes, flat.take(1, n, int(flat.shape[1])))
