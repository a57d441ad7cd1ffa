"""[lstm], the long short-term memory."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value, Writer
from ..modules.ops import Connected, matrices
from ..modules.recurrent import Recurrent
from .base import FORK, Editable, Layer, Node, Shape, section
from .rows import connected_row


@section("lstm")
class Lstm(Layer):
    """Keep a memory cell, with input, forget and output gates.

    Darknet: src/parser.c parse_lstm, src/lstm_layer.c
    """

    output: int = option(1, least=1)
    batch_normalize: bool = quiet(False)

    order = "ifog"  # of the gates in the file; w reads the state, u the input

    def shape(self, *inputs: Shape) -> Shape:
        return Shape(length=self.output)

    def sizes(self, inputs: int) -> dict[str, int]:
        """Return the inputs of each part: w reads the state, u the input."""
        return {f"w{gate}": self.output for gate in self.order} | {
            f"u{gate}": inputs for gate in self.order
        }

    def module(self, *inputs: Shape) -> nn.Module:
        parts = {}
        for name, n in self.sizes(inputs[0].outputs).items():
            norm = self.reading.batch_norm(self.output) if self.batch_normalize else None
            parts[name] = Connected(n, self.output, norm=norm)
        return MemoryCell(parts, self.output, flat=not self.shape(*inputs).image)

    def editable(self, module: nn.Module) -> list[Editable]:
        assert isinstance(module, MemoryCell)
        return [Editable(part, "LSTM", name) for name, part in matrices(module.parts).items()]

    def operations(self, node: Node) -> int:
        return sum(2 * n * self.output for n in self.sizes(node.inputs[0].outputs).values())

    def row(self, node: Node) -> str:
        n = node.inputs[0].outputs
        sizes = sorted(self.sizes(n).items())  # the C makes the input's parts first
        rows = [f"\n\t\t{connected_row(size, self.output)}" for _, size in sizes]
        return f"LSTM Layer: {n} inputs, {self.output} outputs" + "".join(rows)


@section("lstm", lineage=FORK)
class LstmAlexeyAB(Lstm):
    """The fork's, with another order in the file, and an output of n x 1 x 1.

    Darknet: src/parser.c load_weights_upto (AlexeyAB)
    Quirk: RECURRENT_ORDER
    """

    order = "figo"

    def shape(self, *inputs: Shape) -> Shape:
        return Shape(c=self.output, h=1, w=1)


class MemoryCell(Recurrent):
    """c = f * c + i * g; h = o * tanh(c), the gates logistic, g a tanh.

    Darknet: src/lstm_layer.c forward_lstm_layer
    """

    def __init__(self, parts: dict[str, Connected], n: int, *, flat: bool) -> None:
        super().__init__(parts)
        self.n, self.flat = n, flat

    def zeros(self, x: Tensor) -> tuple[Tensor, ...]:
        return x.new_zeros(x.shape[0], self.n, 1, 1), x.new_zeros(x.shape[0], self.n, 1, 1)

    def step(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        h, c = state
        f, i, g, o = (self.parts[f"w{gate}"](h) + self.parts[f"u{gate}"](x) for gate in "figo")
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return (h.flatten(1) if self.flat else h), (h, c)

    def onnx_step(
        self, writer: Writer, x: Value, state: Sequence[Value]
    ) -> tuple[Value, Sequence[Value]]:
        h, c = state
        sums = (self.onnx_part(f"w{g}", h) + self.onnx_part(f"u{g}", x) for g in "figo")
        f, i, g, o = sums
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        return (h.flatten() if self.flat else h), (h, c)
