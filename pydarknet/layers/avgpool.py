"""[avgpool], the mean of every channel."""

from __future__ import annotations

from torch import Tensor, nn

from ..modules.onnx_writer import Value, Writer
from .base import FORK, Layer, Node, Shape, section


@section("avgpool", "avg")
class Avgpool(Layer):
    """Take the mean over the whole map: c x h x w to c x 1 x 1.

    Darknet: src/avgpool_layer.c
    """

    opencv = "avgpool"
    image = True

    def shape(self, *inputs: Shape) -> Shape:
        return Shape(c=inputs[0].c, h=1, w=1)

    def module(self, *inputs: Shape) -> nn.Module:
        return GlobalMean()

    def row(self, node: Node) -> str:
        return f"avg                     {node.inputs[0]}   ->  {node.output.c:4d}"


@section("avgpool", "avg", lineage=FORK)
class AvgpoolAlexeyAB(Avgpool):
    """The fork's, which differs in its row."""

    def row(self, node: Node) -> str:
        return f"avg                          {node.inputs[0]} ->   {node.output.c:4d}"


class GlobalMean(nn.Module):
    """The mean over height and width, which both become 1."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3), keepdim=True)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        return inputs[0].op("GlobalAveragePool")
