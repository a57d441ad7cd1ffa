"""[dropout], which zeroes random inputs in training only."""

from __future__ import annotations

from torch import nn

from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value, Writer
from .base import FORK, Layer, Node, section


@section("dropout")
class Dropout(Layer):
    """Zero a fraction of the inputs in training, and scale up the others; do nothing else.

    Darknet: src/parser.c parse_dropout, src/dropout_layer.c
    """

    opencv = "identity"
    lossless_in_half = True
    probability: float = option(0.5, least=0, most=1)

    def module(self, *inputs: object) -> nn.Module:
        return Drop(self.probability)

    def side(self, node: Node) -> int:
        return 0

    def row(self, node: Node) -> str:
        n = node.output.outputs
        return f"dropout       p = {self.probability:.2f}               {n:4d}  ->  {n:4d}"


@section("dropout", lineage=FORK)
class DropoutAlexeyAB(Dropout):
    """The fork's, with another default, and dropblock.

    Darknet: src/parser.c parse_dropout, src/dropout_layer.c (AlexeyAB)
    """

    probability: float = option(0.2, least=0, most=1)
    dropblock: bool = quiet(False, trained=False)
    dropblock_size_rel: float = quiet(0.0, least=0, most=1)
    dropblock_size_abs: int = quiet(0, least=0)

    def check(self) -> None:
        if self.dropblock_size_rel and self.dropblock_size_abs:
            raise self.error("dropblock_size_rel and dropblock_size_abs: expected one of them")

    def row(self, node: Node) -> str:
        n, p = node.output.outputs, self.probability
        if not self.dropblock:
            return f"dropout    p = {p:.3f}        {n:4d}  ->   {n:4d}"
        size = f"rel = {self.dropblock_size_rel:.2f}"
        if self.dropblock_size_abs:
            size = f"abs = {self.dropblock_size_abs}"
        return f"dropblock    p = {p:.3f}   l.dropblock_size_{size}    {n:4d}  ->   {n:4d}"


class Drop(nn.Dropout):
    """Zeros for random inputs in training; else the inputs."""

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        return inputs[0]
