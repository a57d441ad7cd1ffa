"""[yolox], a head without anchors over several maps."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from ..boxes.anchors import cells_of, decode
from ..cfg.options import quiet
from ..modules.onnx_writer import Value, Writer
from ..system.text import count_of
from .base import Shape, section
from .detection_head import Channels, FocalOptions, OnnxBoxes, Run
from .map_head import BOX, IOU_LOSSES, MapHead

FIXED: Final = BOX + 1  # entries of a cell besides its classes: a box and objectness


@section("yolox")
class Yolox(FocalOptions, MapHead):
    """Decode a box, objectness and classes of each cell of the maps of `layers`.

    A map has the channels x, y, w, h, objectness, classes. The output has a column per cell, in
    `Shape(c=5 + classes, h=1, w=cells)`: centre and sides in 0..1 of the network's input, then
    probabilities. No program but this one knows the section; it decides no dialect.

    Source: Ge et al. 2021, arXiv 2107.08430; YOLOX, yolox/models/yolo_head.py
    """

    radius: float = quiet(1.5, above=0)
    candidates: int = quiet(10, least=1)
    simota_iou: float = quiet(3.0, least=0)
    l1: float = quiet(0.0, least=0)
    iou_loss: str = quiet("iou2", choices=IOU_LOSSES)
    iou_normalizer: float = quiet(5.0, least=0)
    obj_normalizer: float = quiet(1.0, least=0)
    cls_normalizer: float = quiet(1.0, least=0)
    label_smooth_eps: float = quiet(0.0, least=0, most=1)

    channels_hint = "each of `layers` has the 4 numbers of a box, objectness, classes"

    @property
    def class_channels(self) -> tuple[Channels, ...]:
        return ((Run(FIXED),),) * len(self.layers)

    def shape(self, *inputs: Shape) -> Shape:
        needed = FIXED + self.classes
        what = f"a box and {count_of(self.classes, 'class', 'classes')}"
        self.check_channels(inputs, [needed] * len(inputs), what)
        return Shape(c=needed, h=1, w=sum(x.h * x.w for x in inputs))

    def module(self, *inputs: Shape) -> nn.Module:
        return CellBoxes()

    def objectness(self, rows: Tensor) -> Tensor:
        return rows[..., BOX]

    def box_parts(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        objectness = rows[:, BOX]
        return rows[:, :BOX], objectness, objectness[:, None] * rows[:, FIXED:]

    def onnx_box_parts(self, rows: Value) -> OnnxBoxes:
        boxes, objectness = rows.take(2, 0, BOX), rows.take(2, BOX, FIXED)
        return OnnxBoxes(boxes, objectness, rows.take(2, FIXED, int(rows.shape[2])))


class CellBoxes(nn.Module):
    """Maps [N, 5 + classes, h, w] to [N, 5 + classes, 1, P]: boxes in 0..1, and probabilities."""

    def forward(self, *maps: Tensor) -> Tensor:
        sizes = [(x.shape[2], x.shape[3]) for x in maps]
        flat = torch.cat([x.flatten(2) for x in maps], 2)  # [N, 5 + classes, P]
        boxes = decode(flat[:, :BOX], cells_of(sizes, (1, 1), flat.device))
        return torch.cat([boxes, flat[:, BOX:].sigmoid()], 1)[:, :, None]

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        sizes = [(int(x.shape[2]), int(x.shape[3])) for x in inputs]
        places, sides = (part[None] for part in cells_of(sizes, (1, 1), torch.device("cpu")))
        entries, count = int(inputs[0].shape[1]), sum(h * w for h, w in sizes)
        flat = writer.concat(2, *(x.reshape(entries, -1) for x in inputs))
        cells = writer.constant(np.asarray(sides), "sides")
        centres = (flat.take(1, 0, 2) + writer.constant(np.asarray(places), "places")) * cells
        boxes = writer.concat(1, centres, flat.take(1, 2, BOX).op("Exp") * cells)
        scores = flat.take(1, BOX, entries).sigmoid()
        return writer.concat(1, boxes, scores).reshape(entries, 1, count)
