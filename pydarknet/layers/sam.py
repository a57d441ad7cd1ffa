"""[sam], the fork's spatial attention: one map times another."""

from __future__ import annotations

from torch import Tensor, nn

from ..cfg.options import option
from ..errors import UnlikeSizes
from ..modules.onnx_writer import Value, Writer
from ..modules.ops import Activate
from .base import FORK, PREVIOUS, Layer, Node, Shape, activation_option, section


@section("sam", lineage=FORK)
class Sam(Layer):
    """Multiply the previous layer's output by layer `from`'s, cell by cell.

    Darknet: src/parser.c parse_sam, src/sam_layer.c (AlexeyAB)
    """

    opencv = "sam"
    merges = True

    source: int = option(key="from")
    activation: str = activation_option("linear")

    def sources(self) -> tuple[int, ...]:
        return PREVIOUS, self.source

    def shape(self, *inputs: Shape) -> Shape:
        x, other = inputs
        if x != other:
            raise UnlikeSizes.of(
                self.error(f"multiplies {x.plain} by {other.plain}: expected equal sizes")
            )
        return x

    def module(self, *inputs: Shape) -> nn.Module:
        return Multiply(self.activation)

    def row(self, node: Node) -> str:
        return f"scale Layer: {node.sources[1]}"


class Multiply(nn.Module):
    """The activated product of two maps."""

    def __init__(self, activation: str) -> None:
        super().__init__()
        self.activate = Activate(activation)

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        return self.activate(x * other)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        return self.activate.onnx(writer, inputs[0] * inputs[1])
