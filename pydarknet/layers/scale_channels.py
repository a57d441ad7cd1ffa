"""[scale_channels], the fork's squeeze-and-excitation: a map times a value per channel or cell."""

from __future__ import annotations

from torch import Tensor, nn

from ..cfg.options import option, quiet
from ..errors import UnlikeSizes
from ..modules.onnx_writer import Value, Writer
from ..modules.ops import Activate
from .base import FORK, PREVIOUS, Layer, Node, Shape, activation_option, section


@section("scale_channels", lineage=FORK)
class ScaleChannels(Layer):
    """Multiply layer `from` by the previous layer's value of each channel, or of each cell.

    Darknet: src/parser.c parse_scale_channels, src/scale_channels_layer.c (AlexeyAB)
    """

    opencv = "scale_channels"
    merges = True

    source: int = option(key="from")
    scale_wh: bool = quiet(False)
    activation: str = activation_option("linear")

    def sources(self) -> tuple[int, ...]:
        return PREVIOUS, self.source

    def shape(self, *inputs: Shape) -> Shape:
        scale, x = inputs
        expected = Shape(c=1, h=x.h, w=x.w) if self.scale_wh else Shape(c=x.c, h=1, w=1)
        if not x.image or scale != expected:
            raise UnlikeSizes.of(
                self.error(f"scales {x.plain} by {scale.plain}: expected {expected.plain}")
            )
        return x

    def module(self, *inputs: Shape) -> nn.Module:
        return Scale(self.activation)

    def row(self, node: Node) -> str:
        return f"scale Layer: {node.sources[1]}"


class Scale(nn.Module):
    """The activated product of a map and a tensor that broadcasts over it."""

    def __init__(self, activation: str) -> None:
        super().__init__()
        self.activate = Activate(activation)

    def forward(self, scale: Tensor, x: Tensor) -> Tensor:
        return self.activate(x * scale)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        scale, x = inputs
        if scale.shape[1] == 1:  # OpenCV 5 mistakes a map of one channel for one of many
            scale = scale.op("Expand", writer.integers(1, int(x.shape[1]), 1, 1))
        return self.activate.onnx(writer, x * scale)
