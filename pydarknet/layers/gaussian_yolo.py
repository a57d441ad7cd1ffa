"""[Gaussian_yolo], the fork's head with an uncertainty of each coordinate."""

from __future__ import annotations

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
)
from .base import FORK, Node, Shape, section
from .detection_head import MOST_BOXES, OnnxBoxes, above

POINTS = {"center": 1, "left_top": 2, "right_bottom": 4}
SHIFTS = {"center": 0.0, "left_top": 0.5, "right_bottom": -0.5}  # of the centre, in sides


@section("Gaussian_yolo", lineage=FORK)
class GaussianYolo(ForkLosses, AnchorHead):
    """Apply the logistic to all but width and height, for the anchors of `mask`.

    Darknet: src/parser.c parse_gaussian_yolo, src/gaussian_yolo_layer.c (AlexeyAB)
    """

    type_number = 29
    live_boxes = False
    values = 9  # x, y, w, h, each followed by its uncertainty, then objectness

    mask: tuple[int, ...] = quiet(lambda o: tuple(range(o.num)), least=0, stop="#")
    max: int = quiet(200, least=1, most=MOST_BOXES)
    uc_normalizer: float = quiet(1.0, least=0)
    yolo_point: str = quiet("center", choices=POINTS, otherwise="center")

    def module(self, *inputs: Shape) -> nn.Module:
        return GaussianHead(self.boxes, self.scale_x_y)

    def detections(self, outputs: Tensor, size: Shape, decoding: Decoding) -> Batch:
        """Return the boxes whose objectness exceeds the threshold, scores lowered by uncertainty.

        Darknet: src/gaussian_yolo_layer.c get_gaussian_yolo_detections (AlexeyAB)
        """
        cells = cells_above(outputs, self.anchor_sizes, 8, decoding.thresh)
        values, objectness = cells.values, cells.values[:, 8:9]
        sides = torch.exp(values[:, 4:7:2]) * cells.anchors
        sides = sides / constant((size.w, size.h), sides)
        places = torch.cat(cells.centres(values[:, 0:1], values[:, 2:3]), 1)
        boxes = torch.cat([places + sides * SHIFTS[self.yolo_point], sides], 1)
        uncertainty = values[:, 1:8:2]
        certain = 1 - uncertainty.mean(1, keepdim=True)
        scores = above(objectness * values[:, 9:] * certain, decoding.thresh)
        return Batch(Detections(boxes, objectness[:, 0], scores, uncertainty), cells.counts)

    def onnx_boxes(self, writer: Writer, outputs: Value, size: Shape) -> OnnxBoxes:
        h, w = map(int, outputs.shape[2:])
        cells = onnx_cells(outputs, self.boxes)
        factors = cells.gather(2, (4, 6)).op("Exp")
        sides = onnx_sides(factors, self.anchor_sizes, (size.w, size.h))
        centres = onnx_centres(cells.gather(2, (0, 2)), w, h, self.boxes)
        if SHIFTS[self.yolo_point]:
            centres = centres + sides * SHIFTS[self.yolo_point]
        uncertainty = cells.gather(2, (1, 3, 5, 7)).sum(2) / 4
        classes = cells.take(2, 9, 9 + self.classes) * (1 - uncertainty)
        return OnnxBoxes(writer.concat(2, centres, sides), cells.take(2, 8, 9), classes)

    def row(self, node: Node) -> str:
        point = POINTS[self.yolo_point]
        return f"[Gaussian_yolo] {self.losses}, scale: {self.scale_x_y:2.2f}, point: {point}"


class GaussianHead(nn.Module):
    """[N, anchors * (9 + classes), H, W] to the same shape, activated; boxes are decoded later.

    Darknet: src/gaussian_yolo_layer.c forward_gaussian_yolo_layer (AlexeyAB)
    """

    def __init__(self, anchors: int, scale: float) -> None:
        super().__init__()
        self.anchors, self.scale = anchors, scale

    def forward(self, x: Tensor) -> Tensor:
        boxes = x.unflatten(1, (self.anchors, -1))
        return activate_entries(boxes, (4, 6), (0, 2), self.scale).flatten(1, 2)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x, (c, h, w) = inputs[0], map(int, inputs[0].shape[1:])
        boxes = x.reshape(self.anchors, c // self.anchors, h, w)
        places = (0, 2) if self.scale != 1 else ()
        return onnx_activated(boxes, (4, 6), places, self.scale).reshape(c, h, w)
