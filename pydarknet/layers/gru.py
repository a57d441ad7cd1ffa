"""[gru], the gated recurrent unit."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value, Writer
from ..modules.ops import Connected, matrices
from ..modules.recurrent import Recurrent
from .base import FORK, PJREDDIE, Editable, Layer, Node, Shape, section
from .rows import connected_row

GATES = ("z", "r", "h")


@section("gru")
class Gru(Layer):
    """Mix the state with a candidate; gates of the input and the state decide how.

    Darknet: src/parser.c parse_gru, src/gru_layer.c
    Quirk: GRU_LOGISTIC_CANDIDATE
    """

    live = False

    output: int = option(1, least=1)
    batch_normalize: bool = quiet(False)
    tanh: bool = quiet(False, lineage=PJREDDIE)

    order = ("w", "u")  # order in the file: w reads the state, u the input

    def shape(self, *inputs: Shape) -> Shape:
        return Shape(length=self.output)

    def sizes(self, inputs: int) -> dict[str, int]:
        """Return the inputs of each part: u reads the input, w the state."""
        return {
            f"{side}{gate}": inputs if side == "u" else self.output
            for side in self.order
            for gate in GATES
        }

    def module(self, *inputs: Shape) -> nn.Module:
        parts = {}
        for name, n in self.sizes(inputs[0].outputs).items():
            norm = self.reading.batch_norm(self.output) if self.batch_normalize else None
            parts[name] = Connected(n, self.output, norm=norm)
        return GatedUnit(parts, self.output, self.tanh)

    def editable(self, module: nn.Module) -> list[Editable]:
        assert isinstance(module, GatedUnit)
        parts = matrices(module.parts)
        return [
            Editable(parts[f"{side}{gate}"], "GRU", f"{name} {gate.upper()}")
            for side, name in (("u", "Input"), ("w", "State"))
            for gate in GATES
        ]

    def operations(self, node: Node) -> int:
        return sum(2 * n * self.output for n in self.sizes(node.inputs[0].outputs).values())

    def row(self, node: Node) -> str:
        n = node.inputs[0].outputs
        sizes = sorted(self.sizes(n).items())  # the C makes the input's parts first
        rows = [f"\n\t\t{connected_row(size, self.output)}" for _, size in sizes]
        return f"GRU Layer: {n} inputs, {self.output} outputs" + "".join(rows)


@section("gru", lineage=FORK)
class GruAlexeyAB(Gru):
    """The fork's: in the file, the input's parts come first.

    Darknet: src/parser.c load_weights_upto (AlexeyAB)
    Quirk: RECURRENT_ORDER
    """

    order = ("u", "w")


class GatedUnit(Recurrent):
    """z, r = logistic gates; s = z * s + (1 - z) * f(candidate), f logistic unless `tanh`.

    Darknet: src/gru_layer.c forward_gru_layer
    """

    def __init__(self, parts: dict[str, Connected], n: int, tanh: bool) -> None:
        super().__init__(parts)
        self.n, self.squash = n, torch.tanh if tanh else torch.sigmoid

    def zeros(self, x: Tensor) -> tuple[Tensor, ...]:
        return (x.new_zeros(x.shape[0], self.n, 1, 1),)

    def step(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        s, part = state[0], self.parts
        z = torch.sigmoid(part["uz"](x) + part["wz"](s))
        r = torch.sigmoid(part["ur"](x) + part["wr"](s))
        h = self.squash(part["uh"](x) + part["wh"](r * s))
        after = z * s + (1 - z) * h
        return after.flatten(1), (after,)

    def onnx_step(
        self, writer: Writer, x: Value, state: Sequence[Value]
    ) -> tuple[Value, Sequence[Value]]:
        s, part = state[0], self.onnx_part
        z = (part("uz", x) + part("wz", s)).sigmoid()
        r = (part("ur", x) + part("wr", s)).sigmoid()
        h = part("uh", x) + part("wh", r * s)
        h = h.tanh() if self.squash is torch.tanh else h.sigmoid()
        after = z * s + (1 - z) * h
        return after.flatten(), (after,)
