"""[conv_lstm], the fork's long short-term memory made of convolutions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..cfg.options import option, quiet
from ..modules.activations import words
from ..modules.onnx_writer import Value, Writer
from ..modules.ops import Activate, Conv
from ..modules.recurrent import Recurrent
from ..system.limits import MOST_STRIDE
from ..system.text import count_of
from .base import FORK, Layer, Node, Shape, activation_option, section
from .rows import fork_conv_row

GATES = "figo"


@section("conv_lstm", lineage=FORK)
class ConvLstm(Layer):
    """Keep a map of cells, with convolutions as input, forget and output gates.

    Darknet: src/parser.c parse_conv_lstm, src/conv_lstm_layer.c (AlexeyAB)
    """

    live = False
    image = True

    output: int = option(1, least=1)
    size: int = quiet(3, least=1)
    stride: int = quiet(1, least=1, most=MOST_STRIDE)
    dilation: int = quiet(1, least=1, most=MOST_STRIDE)
    pad: bool = quiet(False)
    padding: int = quiet(0, least=0)
    groups: int = quiet(1, least=1)
    activation: str = activation_option("linear")
    batch_normalize: bool = quiet(False)
    xnor: bool = quiet(False)
    peephole: bool = quiet(False)
    bottleneck: bool = quiet(False)
    shortcut: bool = quiet(False)
    state_constrain: float | None = quiet(None, least=0)
    lstm_activation: str = quiet("tanh", choices=words, otherwise="relu")
    time_normalizer: float = quiet(1.0, least=0)

    def check(self) -> None:
        if self.xnor or self.shortcut:
            raise self.error("xnor and shortcut: expected neither in [conv_lstm]")
        if self.output % self.groups:
            raise self.error(f"groups = {self.groups} must divide output = {self.output}")

    @property
    def margin(self) -> int:
        """The padding on every side: `pad` is a flag that overrides `padding`."""
        return self.size // 2 if self.pad else self.padding

    @property
    def constraint(self) -> float:
        """The largest magnitude of a cell, 0 for none; the default is 32 per time step."""
        given = self.state_constrain
        return 32.0 * self.reading.net.time_steps if given is None else given

    def shape(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        if self.stride != 1 or 2 * self.margin != self.size - 1:
            raise self.error("changes the size of the map: expected stride=1, odd size and pad=1")
        if x.c % self.groups:
            raise self.error(
                f"groups = {self.groups} must divide the {count_of(x.c, 'channel')} it gets"
            )
        if self.bottleneck and x.c != self.output:
            raise self.error(f"a bottleneck needs output = {x.c}, the channels it gets")
        return Shape(c=self.output, h=x.h, w=x.w)

    def channels(self, c: int) -> dict[str, int]:
        """Return the input channels of each part, in the order of the file."""
        n = self.output
        looks = dict.fromkeys(("vf", "vi", "vo"), n) if self.peephole else {}
        states = {"wf": n + c} if self.bottleneck else {f"w{gate}": n for gate in GATES}
        return looks | states | {f"u{gate}": c for gate in GATES}

    def module(self, *inputs: Shape) -> nn.Module:
        spread = self.dilation if self.size > 1 else 1
        parts = {
            name: Conv(
                c,
                self.output,
                self.size,
                padding=(self.margin * spread,) * 2,
                dilation=spread,
                groups=self.groups,
                norm=self.reading.batch_norm(self.output) if self.batch_normalize else None,
                activation=self.activation,
                uniform=True,
            )
            for name, c in self.channels(inputs[0].c).items()
        }
        return ConvolvedCell(parts, self.output, self.lstm_activation, self.constraint)

    def rows(self, c: int) -> list[int]:
        """Return the input channels of each part, in the order that the fork prints them."""
        order = {"u": 0, "w": 1, "v": 2}
        parts = self.channels(c)
        return [parts[name] for name in sorted(parts, key=lambda name: order[name[0]])]

    def part_work(self, c: int, x: Shape) -> float:
        """Return the operations of a part that reads c channels."""
        return 2 * self.size**2 * c / self.groups * self.output * x.h * x.w

    def work(self, node: Node) -> float:
        x = node.inputs[0]
        return sum(self.part_work(c, x) for c in self.channels(x.c).values())

    def row(self, node: Node) -> str:
        x, y = node.inputs[0], node.output
        rows = [
            "\n"
            + fork_conv_row(
                "conv",
                self.output,
                self.size,
                (1, 1),
                Shape(c=c, h=x.h, w=x.w),
                y,
                self.part_work(c, x),
                groups=self.groups,
                dilation=self.dilation,
            )
            for c in self.rows(x.c)
        ]
        title = f"CONV_LSTM Layer: {x.h} x {x.w} x {x.c} image, {self.output} filters"
        return title + "".join(rows)


class ConvolvedCell(Recurrent):
    """c = f * c + i * g; h = o * phi(c); with a peephole, f and i also read c, and o the new c.

    With a bottleneck, which has one w part only, the gates read phi(wf([h, x])) alone. After h is
    computed, c is clamped to the constraint.

    Darknet: src/conv_lstm_layer.c forward_conv_lstm_layer (AlexeyAB)
    Quirk: LSTM_ACTIVATION
    """

    def __init__(self, parts: dict[str, Conv], n: int, phi: str, constraint: float) -> None:
        super().__init__(parts)
        self.phi = Activate(phi)
        self.n, self.constraint = n, constraint

    def zeros(self, x: Tensor) -> tuple[Tensor, ...]:
        size = (x.shape[0], self.n, *x.shape[2:])
        return x.new_zeros(size), x.new_zeros(size)

    def gates(self, x: Tensor, h: Tensor) -> dict[str, Tensor]:
        """Return the inputs of the four gates from the layer's input and its last output."""
        if "wi" in self.parts:
            return {g: self.parts[f"w{g}"](h) + self.parts[f"u{g}"](x) for g in GATES}
        q = self.phi(self.parts["wf"](torch.cat([h, x], 1)))
        return {g: self.parts[f"u{g}"](q) for g in GATES}

    def peephole_part(self, gate: str, c: Tensor) -> Tensor | float:
        """Return the input of a gate from the cells, through its peephole; 0 without one."""
        return self.parts[f"v{gate}"](c) if f"v{gate}" in self.parts else 0.0

    def step(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        h, c = state
        gates = self.gates(x, h)
        f = torch.sigmoid(gates["f"] + self.peephole_part("f", c))
        i = torch.sigmoid(gates["i"] + self.peephole_part("i", c))
        c = f * c + i * self.phi(gates["g"])
        o = torch.sigmoid(gates["o"] + self.peephole_part("o", c))
        h = o * self.phi(c)
        if self.constraint:
            c = c.clamp(-self.constraint, self.constraint)
        return h, (h, c)

    def onnx_gates(self, writer: Writer, x: Value, h: Value) -> dict[str, Value]:
        """Write what `gates` does."""
        part = self.onnx_part
        if "wi" in self.parts:
            return {g: part(f"w{g}", h) + part(f"u{g}", x) for g in GATES}
        q = self.phi.onnx(writer, part("wf", writer.concat(1, h, x)))
        return {g: part(f"u{g}", q) for g in GATES}

    def onnx_gate(self, gate: str, total: Value, c: Value) -> Value:
        """Write the logistic of a gate's inputs and its peephole."""
        if f"v{gate}" in self.parts:
            total = total + self.onnx_part(f"v{gate}", c)
        return total.sigmoid()

    def onnx_step(
        self, writer: Writer, x: Value, state: Sequence[Value]
    ) -> tuple[Value, Sequence[Value]]:
        h, c = state
        gates = self.onnx_gates(writer, x, h)
        f, i = (self.onnx_gate(gate, gates[gate], c) for gate in "fi")
        c = f * c + i * self.phi.onnx(writer, gates["g"])
        h = self.onnx_gate("o", gates["o"], c) * self.phi.onnx(writer, c)
        if self.constraint:
            c = c.clip(-self.constraint, self.constraint)
        return h, (h, c)
