"""[crop], the centre of the image, with values mapped to -1..1."""

from __future__ import annotations

from torch import Tensor, nn

from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value, Writer
from .base import Layer, Node, Shape, section


@section("crop")
class Crop(Layer):
    """Crop the centre, and map x to 2x - 1.

    Darknet: src/parser.c parse_crop, src/crop_layer.c forward_crop_layer
    Quirk: CROP_RESCALES
    """

    live = False
    image = True

    crop_height: int = option(1, least=1)
    crop_width: int = option(1, least=1)
    flip: bool = option(False)
    angle: float = option(0.0)
    saturation: float = option(1.0, least=0)
    exposure: float = option(1.0, least=0)
    shift: float = option(0.0)
    noadjust: bool = quiet(False)

    def shape(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        if x.h < self.crop_height or x.w < self.crop_width:
            raise self.error(f"{self.crop_width} x {self.crop_height} exceeds {x.w} x {x.h}")
        return Shape(c=x.c, h=self.crop_height, w=self.crop_width)

    def module(self, *inputs: Shape) -> nn.Module:
        return CenterCrop(self.crop_height, self.crop_width, adjust=not self.noadjust)

    def row(self, node: Node) -> str:
        x = node.inputs[0]
        return f"Crop Layer: {x.h} x {x.w} -> {self.crop_height} x {self.crop_width} x {x.c} image"


class CenterCrop(nn.Module):
    """The h x w cells in the centre; mapped to 2x - 1 if `adjust`."""

    def __init__(self, h: int, w: int, *, adjust: bool) -> None:
        super().__init__()
        self.h, self.w, self.adjust = h, w, adjust

    def forward(self, x: Tensor) -> Tensor:
        top, left = (x.shape[2] - self.h) // 2, (x.shape[3] - self.w) // 2
        cut = x[:, :, top : top + self.h, left : left + self.w]
        return cut * 2 - 1 if self.adjust else cut

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x = inputs[0]
        top, left = (int(x.shape[2]) - self.h) // 2, (int(x.shape[3]) - self.w) // 2
        cut = x.take(2, top, top + self.h).take(3, left, left + self.w)
        return cut * 2 - 1 if self.adjust else cut
