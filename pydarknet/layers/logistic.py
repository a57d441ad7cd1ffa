"""[logistic], the original's logistic with cross entropy."""

from __future__ import annotations

from torch import nn

from ..modules.ops import Activate
from .base import PJREDDIE, Layer, Node, section


@section("logistic", lineage=PJREDDIE)
class Logistic(Layer):
    """Apply the logistic to every value; in training the loss is cross entropy.

    Darknet: src/parser.c parse_logistic, src/logistic_layer.c
    """

    head = True

    def module(self, *inputs: object) -> nn.Module:
        return Activate("logistic")

    def row(self, node: Node) -> str:
        return f"logistic x entropy                             {node.output.outputs:4d}"
