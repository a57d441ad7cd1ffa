"""[rnn], the plain recurrent layer."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value, Writer
from ..modules.ops import Connected
from ..modules.recurrent import Recurrent
from .base import FORK, PJREDDIE, Layer, Node, Shape, activation_option, section
from .rows import connected_row

PARTS = ("input", "self", "output")


@section("rnn", lineage=PJREDDIE)
class Rnn(Layer):
    """Add the input's part and the state's; the output reads the sum.

    Darknet: src/parser.c parse_rnn, src/rnn_layer.c
    """

    output: int = option(1, least=1)
    activation: str = activation_option("logistic")
    batch_normalize: bool = quiet(False)
    shortcut: bool = quiet(False)

    forgets = False  # on a GPU; on a CPU the original crashes when it trains

    @property
    def units(self) -> int:
        """The size of the state."""
        return self.output

    @property
    def self_activation(self) -> str:
        """The activation of the state's part."""
        return self.activation

    def shape(self, *inputs: Shape) -> Shape:
        return Shape(length=self.output)

    def sizes(self, inputs: int) -> tuple[tuple[int, int], ...]:
        """Return the inputs and outputs of each part."""
        return (inputs, self.units), (self.units, self.units), (self.units, self.output)

    def module(self, *inputs: Shape) -> nn.Module:
        words = (self.activation, self.self_activation, self.activation)
        parts = {
            name: Connected(
                *size,
                norm=self.reading.batch_norm(size[1]) if self.batch_normalize else None,
                activation=word,
            )
            for name, size, word in zip(PARTS, self.sizes(inputs[0].outputs), words, strict=True)
        }
        flat = not self.shape(*inputs).image
        return RecurrentSum(parts, self.units, self.shortcut, flat=flat, forgets=self.forgets)

    def operations(self, node: Node) -> int:
        return sum(2 * a * b for a, b in self.sizes(node.inputs[0].outputs))

    def row(self, node: Node) -> str:
        n = node.inputs[0].outputs
        rows = [f"\n\t\t{connected_row(a, b)}" for a, b in self.sizes(n)]
        return f"RNN Layer: {n} inputs, {self.output} outputs" + "".join(rows)


@section("rnn", lineage=FORK)
class RnnAlexeyAB(Rnn):
    """The fork's: the state may have another size, and its activations are logistic.

    Darknet: src/parser.c parse_rnn (AlexeyAB)
    """

    hidden: int = option(1, least=1)
    logistic: int = quiet(0)

    forgets = True

    @property
    def units(self) -> int:
        return self.hidden

    @property
    def self_activation(self) -> str:
        return {1: "logistic", 2: "loggy"}.get(self.logistic, self.activation)

    def shape(self, *inputs: Shape) -> Shape:
        return Shape(c=self.output, h=1, w=1)


class RecurrentSum(Recurrent):
    """s = input(x) + self(s), plus s itself with `shortcut`; the output reads s.

    Darknet: src/rnn_layer.c forward_rnn_layer
    """

    def __init__(
        self,
        parts: dict[str, Connected],
        units: int,
        shortcut: bool,
        *,
        flat: bool,
        forgets: bool,
    ) -> None:
        super().__init__(parts)
        self.units, self.shortcut, self.flat, self.forgets = units, shortcut, flat, forgets

    def zeros(self, x: Tensor) -> tuple[Tensor, ...]:
        return (x.new_zeros(x.shape[0], self.units, 1, 1),)

    def step(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        before = state[0] if self.shortcut else 0
        after = before + self.parts["input"](x) + self.parts["self"](state[0])
        y = self.parts["output"](after)
        return (y.flatten(1) if self.flat else y), (after,)

    def onnx_step(
        self, writer: Writer, x: Value, state: Sequence[Value]
    ) -> tuple[Value, Sequence[Value]]:
        after = self.onnx_part("input", x) + self.onnx_part("self", state[0])
        after = state[0] + after if self.shortcut else after
        y = self.onnx_part("output", after)
        return (y.flatten() if self.flat else y), (after,)
