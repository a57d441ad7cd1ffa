"""[connected], a fully connected layer."""

from __future__ import annotations

from torch import nn

from ..cfg.options import option, quiet
from ..modules.ops import Connected as ConnectedModule
from .base import Editable, Layer, Node, Shape, activation_option, section
from .rows import connected_row
from .start import Started


@section("connected", "conn")
class Connected(Started, Layer):
    """Multiply the flat input by a matrix, apply batch norm or add a bias, and activate.

    Darknet: src/parser.c parse_connected, src/connected_layer.c
    """

    opencv = "fullyConnected"
    averaged = True
    output: int = option(1, least=1)
    activation: str = activation_option("logistic")
    batch_normalize: bool = quiet(False)

    def shape(self, *inputs: Shape) -> Shape:
        return Shape(c=self.output, h=1, w=1)

    def module(self, *inputs: Shape) -> ConnectedModule:
        norm = self.reading.batch_norm(self.output) if self.batch_normalize else None
        return ConnectedModule(
            inputs[0].outputs,
            self.output,
            norm=norm,
            activation=self.activation,
            start=self.start,
        )

    def editable(self, module: nn.Module) -> list[Editable]:
        assert isinstance(module, ConnectedModule)
        return [Editable(module, "Connected")]

    def operations(self, node: Node) -> int:
        return 2 * node.inputs[0].outputs * self.output

    def side(self, node: Node) -> int:
        return 0

    def row(self, node: Node) -> str:
        return connected_row(node.inputs[0].outputs, self.output)
