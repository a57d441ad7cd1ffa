"""[activation], a function of every value."""

from __future__ import annotations

from torch import nn

from ..modules.ops import Activate
from .base import Layer, Node, activation_option, section


@section("activation")
class Activation(Layer):
    """Apply an activation to the previous layer's output.

    Darknet: src/parser.c parse_activation, src/activation_layer.c
    Quirk: ZERO_ACTIVATIONS
    """

    live = False

    activation: str = activation_option("linear")

    def module(self, *inputs: object) -> nn.Module:
        return Activate(self.activation)

    def row(self, node: Node) -> str:
        return f"Activation Layer: {node.output.outputs} inputs"
