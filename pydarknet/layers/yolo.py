"""[yolo], the detection head of YOLOv3 and after."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from ..boxes.detections import Batch, Detections
from ..boxes.settings import Decoding
from ..cfg.options import quiet
from ..modules.onnx_writer import Value, Writer
from ..modules.parameters import constant
from .anchor_head import (
    AnchorHead,
    ForkLosses,
    activate_entries,
    cells_above,
    onnx_activated,
    onnx_cells,
    onnx_centres,
    onnx_sides,
    stretch,
    unmirror,
)
from .base import FORK, Node, Shape, section
from .detection_head import MOST_BOXES, OnnxBoxes, OpenCVCells

ASSIGN: Final = ("anchor", "simota")  # by what training chooses the boxes that learn true ones
SIMOTA_ALONE: Final = ("radius", "candidates", "simota_iou", "l1")  # options


@section("yolo")
class Yolo(AnchorHead):
    """Apply the logistic to positions, objectness and classes, for the anchors of `mask`.

    Darknet: src/parser.c parse_yolo, src/yolo_layer.c
    """

    opencv = "yolo"
    type_number = 28
    size_warning = True
    values = 5  # x, y, w, h, objectness

    max: int = quiet(90, least=1, most=MOST_BOXES)
    assign: str = quiet("anchor", choices=ASSIGN, live=False)
    radius: float = quiet(1.5, above=0, live=False)
    candidates: int = quiet(10, least=1, live=False)
    simota_iou: float = quiet(3.0, least=0, live=False)
    l1: float = quiet(0.0, least=0, live=False)

    def check(self) -> None:
        super().check()
        if self.assign == "anchor":
            for entry in self.section.entries:
                entry.used &= entry.key not in SIMOTA_ALONE

    @property
    def alike(self) -> dict[str, object]:
        if self.assign == "anchor":
            return {"assign": self.assign}
        return {
            "assign": self.assign,
            "radius": self.radius,
            "candidates": self.candidates,
            "simota_iou": self.simota_iou,
            "classes": self.classes,
            "max": self.max,
            "map": self.map,
        }

    @property
    def free(self) -> bool:
        return self.assign == "simota" and self.boxes == 1

    @property
    def reach(self) -> float:
        """How far a box's centre can be from its cell's, across and down, in cells."""
        return 0.5

    def module(self, *inputs: Shape) -> nn.Module:
        return YoloHead(self.boxes)

    def detections(self, outputs: Tensor, size: Shape, decoding: Decoding) -> Batch:
        """Return the boxes whose objectness exceeds the threshold.

        Darknet: src/yolo_layer.c get_yolo_box, get_yolo_detections
        """
        cells = cells_above(outputs, self.anchor_sizes, 4, decoding.thresh)
        x, y, _, _, objectness = (cells.values[:, i : i + 1] for i in range(5))
        sides = self.sides(cells.values[:, 2:4]) * cells.anchors
        boxes = torch.cat([*cells.centres(x, y), sides / constant((size.w, size.h), sides)], 1)
        scores = self.scores(objectness[:, 0], cells.values[:, 5:], decoding)
        return Batch(Detections(boxes, objectness[:, 0], scores), cells.counts)

    def onnx_boxes(self, writer: Writer, outputs: Value, size: Shape) -> OnnxBoxes:
        h, w = map(int, outputs.shape[2:])
        cells = onnx_cells(outputs, self.boxes)
        centres = onnx_centres(cells.take(2, 0, 2), w, h, self.boxes)
        factors = self.onnx_factors(cells.take(2, 2, 4))
        sides = onnx_sides(factors, self.anchor_sizes, (size.w, size.h))
        boxes = writer.concat(2, centres, sides)
        return OnnxBoxes(boxes, cells.take(2, 4, 5), cells.take(2, 5, 5 + self.classes))

    def unmirror(self, outputs: Tensor) -> Tensor:
        return unmirror(outputs, self.boxes)

    def opencv_cells(self, raw: Tensor, size: Shape) -> OpenCVCells:
        values = raw.unflatten(1, (self.boxes, -1)).permute(0, 3, 4, 1, 2)
        squashed = self.opencv_activations(values)
        sides = self.sides(values[..., 2:4]) * values.new_tensor(self.anchor_sizes)
        objectness, classes = squashed[..., 4:5], squashed[..., 5:]
        return OpenCVCells(squashed[..., :2], sides, objectness, classes, (size.w, size.h))

    def opencv_activations(self, values: Tensor) -> Tensor:
        """Return places in cells, objectness and classes, given [..., 5 + classes]."""
        return torch.sigmoid(values)

    def sides(self, raw: Tensor) -> Tensor:
        """Return width and height as factors of the anchor."""
        return torch.exp(raw)

    def onnx_factors(self, raw: Value) -> Value:
        """Write the same."""
        return raw.op("Exp")

    def row(self, node: Node) -> str:
        return "yolo"


@section("yolo", lineage=FORK)
class YoloAlexeyAB(ForkLosses, Yolo):
    """The fork's, with scaled positions, `new_coords`, other losses and other suppression.

    Darknet: src/parser.c parse_yolo, src/yolo_layer.c (AlexeyAB)
    """

    mask: tuple[int, ...] = quiet(lambda o: tuple(range(o.num)), least=0, stop="#")
    anchors: tuple[float, ...] = quiet((), stop="#")
    max: int = quiet(200, least=1, most=MOST_BOXES)
    show_details: bool = quiet(True, live=False)
    new_coords: bool = quiet(False)
    focal_loss: bool = quiet(False)
    embedding_layer: int | None = quiet(None)
    sim_thresh: float = quiet(0.8, least=0, most=1)
    track_history_size: int = quiet(5, least=0)
    dets_for_track: int = quiet(1, least=0)
    dets_for_show: int = quiet(1, least=0)
    track_ciou_norm: float = quiet(0.01, least=0)

    def check(self) -> None:
        super().check()
        if self.focal_loss and self.focal:
            problem = "it is another loss than focal_alpha and focal_gamma: expected one of the two"
            raise self.section.option_error("focal_loss", problem)

    @property
    def reach(self) -> float:
        return self.scale_x_y / 2

    def module(self, *inputs: Shape) -> nn.Module:
        return YoloHead(self.boxes, self.scale_x_y, logistic=not self.new_coords)

    def sides(self, raw: Tensor) -> Tensor:
        return raw * raw * 4 if self.new_coords else torch.exp(raw)

    def onnx_factors(self, raw: Value) -> Value:
        return raw * raw * 4 if self.new_coords else raw.op("Exp")

    def opencv_activations(self, values: Tensor) -> Tensor:
        squashed = values.clone() if self.new_coords else torch.sigmoid(values)
        squashed[..., :2] = squashed[..., :2] * self.scale_x_y - 0.5 * (self.scale_x_y - 1)
        return squashed

    def row(self, node: Node) -> str:
        return f"yolo\n[yolo] params: {self.losses}, scale_x_y: {self.scale_x_y:2.2f}"


class YoloHead(nn.Module):
    """[N, anchors * (5 + classes), H, W] to the same shape, activated; boxes are decoded later.

    Darknet: src/yolo_layer.c forward_yolo_layer
    """

    def __init__(self, anchors: int, scale: float = 1.0, *, logistic: bool = True) -> None:
        super().__init__()
        self.anchors, self.scale, self.logistic = anchors, scale, logistic

    def forward(self, x: Tensor) -> Tensor:
        boxes = x.unflatten(1, (self.anchors, -1))
        if self.logistic:
            return activate_entries(boxes, (2, 3), (0, 1), self.scale).flatten(1, 2)
        return stretch(boxes, (0, 1), self.scale).flatten(1, 2)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x, (c, h, w) = inputs[0], map(int, inputs[0].shape[1:])
        boxes = x.reshape(self.anchors, c // self.anchors, h, w)
        places = (0, 1) if self.scale != 1 else ()
        activated = onnx_activated(boxes, (2, 3), places, self.scale, self.logistic)
        return activated.reshape(c, h, w)
