"""[cost], the loss of the previous layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value, Writer
from .base import FORK, PJREDDIE, Layer, Node, Shape, section

KINDS = ("sse", "masked", "smooth")


@section("cost")
class Cost(Layer):
    """Compare the input with the truth in training; the output is zero.

    Darknet: src/parser.c parse_cost, src/cost_layer.c
    Quirk: COST_IS_NO_OUTPUT
    """

    opencv = "identity"
    result = False

    type: str = option("sse", choices=(*KINDS, "seg", "L1", "wgan"), otherwise="sse")
    scale: float = quiet(1.0, least=0)
    ratio: float = quiet(0.0, least=0, most=1)
    noobj: float = quiet(1.0, lineage=PJREDDIE, least=0)
    thresh: float = quiet(0.0, lineage=PJREDDIE, least=0)

    def shape(self, *inputs: Shape) -> Shape:
        return Shape(length=inputs[0].outputs)

    def module(self, *inputs: Shape) -> nn.Module:
        return Zeros()

    def side(self, node: Node) -> int:
        return 0

    def row(self, node: Node) -> str:
        return f"cost                                           {node.output.outputs:4d}"


@section("cost", lineage=FORK)
class CostAlexeyAB(Cost):
    """The fork's, with fewer types."""

    type: str = option("sse", choices=KINDS, otherwise="sse")


class Zeros(nn.Module):
    """Zeros, as many as the input has values."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x.flatten(1))

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        return inputs[0].flatten() * 0.0
