"""[l2norm], the original's normalisation of every cell's channel vector."""

from __future__ import annotations

from torch import Tensor, nn

from ..modules.onnx_writer import Value, Writer
from .base import PJREDDIE, Layer, Node, section


@section("l2norm", lineage=PJREDDIE)
class L2norm(Layer):
    """Divide each cell by the length of its channel vector.

    Darknet: src/parser.c parse_l2norm, src/l2norm_layer.c
    """

    image = True

    def module(self, *inputs: object) -> nn.Module:
        return UnitLength()

    def row(self, node: Node) -> str:
        return f"l2norm                                         {node.output.outputs:4d}"


class UnitLength(nn.Module):
    """x / sqrt(sum over channels of x^2)."""

    def forward(self, x: Tensor) -> Tensor:
        return x / x.square().sum(1, keepdim=True).sqrt()

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x = inputs[0]
        return x / (x * x).sum(1).op("Sqrt")
