"""[history], the fork's memory of the last inputs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..cfg.options import option
from ..modules.onnx_writer import Value, Writer
from ..modules.recurrent import Recurrent
from .base import FORK, Layer, Node, Shape, section


@section("history", lineage=FORK)
class History(Layer):
    """Output the input, followed by the channels of the previous inputs.

    Darknet: src/parser.c parse_history, src/conv_lstm_layer.c forward_history_layer (AlexeyAB)
    """

    live = False
    image = True

    history_size: int = option(4, least=1)

    def shape(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        return Shape(c=x.c * self.history_size, h=x.h, w=x.w)

    def module(self, *inputs: Shape) -> nn.Module:
        return LastInputs(self.history_size)

    def row(self, node: Node) -> str:
        steps = self.reading.net.time_steps
        return (
            f"HISTORY b = {steps}, s = {self.history_size:2d}, steps = {steps:2d}  "
            f" {node.inputs[0]} -> {node.output} "
        )


class LastInputs(Recurrent):
    """The output of a step: x, then all but the last channels of the previous output."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def zeros(self, x: Tensor) -> tuple[Tensor, ...]:
        return (x.new_zeros(x.shape[0], x.shape[1] * self.size, *x.shape[2:]),)

    def step(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        before = state[0][:, : x.shape[1] * (self.size - 1)]
        y = torch.cat([x, before], 1)
        return y, (y,)

    def onnx_step(
        self, writer: Writer, x: Value, state: Sequence[Value]
    ) -> tuple[Value, Sequence[Value]]:
        channels = int(x.shape[1]) * (self.size - 1)
        y = writer.concat(1, x, state[0].take(1, 0, channels)) if channels else x
        return y, (y,)
