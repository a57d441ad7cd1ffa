"""[centernet], a head that finds objects as the peaks of a map of their centres."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..boxes.anchors import cells_of
from ..boxes.rule import KINDS
from ..cfg.options import quiet
from ..modules.onnx_writer import Value, Writer
from ..system.text import count_of
from .base import Shape, section
from .detection_head import Channels, Run
from .map_head import BOX, MapHead

SIZE: Final = 2  # channels of a map after its classes: width and height in cells
OFFSET: Final = 2  # and then: from a cell's corner to the centre, in cells


@section("centernet")
class Centernet(MapHead):
    """Decode a box at each peak of the heat map of each class: no box needs to be suppressed.

    The map has the channels classes, width, height, x and y. A cell is a peak where its heat is
    the largest of `peak` x `peak` cells, equals included. Of all peaks of an image the `post_nms`
    best are left. The output has a column per cell: centre and sides in 0..1 of the network's
    input, then scores, 0 where the cell is no peak.

    Source: Zhou et al. 2019, arXiv 1904.07850; CenterNet, src/lib/models/decode.py ctdet_decode
    """

    exact = False

    nms_kind: str = quiet("none", choices=KINDS)
    peak: int = quiet(3, least=1)
    post_nms: int = quiet(100, least=0)
    radius_iou: float = quiet(0.7, above=0, below=1)
    focal_alpha: float = quiet(2.0, least=0)
    focal_beta: float = quiet(4.0, least=0)
    cls_normalizer: float = quiet(1.0, least=0)
    iou_normalizer: float = quiet(0.1, least=0)
    offset_normalizer: float = quiet(1.0, least=0)

    channels_hint = "the map has the heat of each class, width and height, the centre's x and y"

    def check(self) -> None:
        super().check()
        if len(self.layers) != 1:
            raise self.section.option_error("layers", "expected one layer")
        if self.peak % 2 == 0:
            raise self.section.option_error("peak", "expected an odd number")

    @property
    def class_channels(self) -> tuple[Channels, ...]:
        return ((Run(0),),)

    def shape(self, *inputs: Shape) -> Shape:
        what = f"{count_of(self.classes, 'class', 'classes')}, a size and an offset"
        self.check_channels(inputs, [self.classes + SIZE + OFFSET], what)
        return Shape(c=BOX + self.classes, h=1, w=inputs[0].h * inputs[0].w)

    def module(self, *inputs: Shape) -> nn.Module:
        return Peaks(self.classes, self.peak)


class Peaks(nn.Module):
    """A map [N, classes + 4, h, w] to [N, 4 + classes, 1, h * w]: boxes in 0..1, and scores."""

    def __init__(self, classes: int, side: int) -> None:
        super().__init__()
        self.classes, self.side = classes, side

    def forward(self, x: Tensor) -> Tensor:
        heat, size, offset = x.split((self.classes, SIZE, OFFSET), 1)
        heat = heat.sigmoid()
        peaks = heat * (heat == F.max_pool2d(heat, self.side, 1, self.side // 2))
        cells = cells_of([(x.shape[2], x.shape[3])], (1, 1), x.device)
        centres = (offset.flatten(2) + cells.places) * cells.sides
        sides = size.flatten(2) * cells.sides
        return torch.cat([centres, sides, peaks.flatten(2)], 1)[:, :, None]

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        [x] = inputs
        h, w = int(x.shape[2]), int(x.shape[3])
        places, sides = cells_of([(h, w)], (1, 1), torch.device("cpu"))
        heat, count = x.take(1, 0, self.classes).sigmoid(), h * w
        margin = [self.side // 2] * 4
        top = heat.op("MaxPool", kernel_shape=[self.side] * 2, pads=margin, strides=[1, 1])
        peaks = heat * heat.op("Equal", top).cast(np.float32)
        rest = x.take(1, self.classes, self.classes + SIZE + OFFSET).reshape(SIZE + OFFSET, count)
        unit = writer.constant(sides[None], "sides")
        centres = (
            rest.take(1, SIZE, SIZE + OFFSET) + writer.constant(places[None], "places")
        ) * unit
        found = (centres, rest.take(1, 0, SIZE) * unit, peaks.reshape(self.classes, count))
        return writer.concat(1, *found).reshape(BOX + self.classes, 1, count)
