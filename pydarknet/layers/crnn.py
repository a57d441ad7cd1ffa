"""[crnn], the recurrent layer made of convolutions."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value, Writer
from ..modules.ops import Conv
from ..modules.recurrent import Recurrent
from ..system.limits import MOST_STRIDE
from ..system.text import count_of
from .base import FORK, PJREDDIE, Layer, Node, Shape, activation_option, section
from .rows import conv_row, fork_conv_row

PARTS = ("input", "self", "output")


@section("crnn", lineage=PJREDDIE)
class Crnn(Layer):
    """Convolve the input and the state, add both, and convolve the sum for the output.

    Darknet: src/parser.c parse_crnn, src/crnn_layer.c
    Quirk: CRNN_SWAPS_SIDES
    Quirk: CRNN_UNLEARNED
    """

    image = True
    uniform = False
    swapped = True  # height and width are swapped, in the shape and in memory

    output: int = option(1, key="output_filters", least=1)
    hidden: int = option(1, key="hidden_filters", least=1)
    activation: str = activation_option("logistic")
    batch_normalize: bool = quiet(False)
    shortcut: bool = quiet(False)

    @property
    def kernel(self) -> tuple[int, int, int]:
        """Size, padding and dilation of the convolutions."""
        return 3, 1, 1

    @property
    def parts(self) -> int:
        """The number of groups of the convolutions."""
        return 1

    def shape(self, *inputs: Shape) -> Shape:
        return Shape(c=self.output, h=inputs[0].w, w=inputs[0].h)

    def channels(self, c: int) -> tuple[tuple[int, int], ...]:
        """Return the input and output channels of each part."""
        return (c, self.hidden), (self.hidden, self.hidden), (self.hidden, self.output)

    def module(self, *inputs: Shape) -> nn.Module:
        size, margin, spread = self.kernel
        parts = {
            name: Conv(
                c,
                n,
                size,
                padding=(margin * spread,) * 2,
                dilation=spread,
                groups=self.parts,
                norm=self.reading.batch_norm(n) if self.batch_normalize else None,
                activation=self.activation,
                uniform=self.uniform,
            )
            for name, (c, n) in zip(PARTS, self.channels(inputs[0].c), strict=True)
        }
        return ConvolvedSum(parts, self.hidden, self.shortcut, self.swapped)

    def works(self, x: Shape) -> list[float]:
        """Return the operations of each part."""
        return [
            2 * self.kernel[0] ** 2 * c / self.parts * n * x.h * x.w for c, n in self.channels(x.c)
        ]

    def part_shapes(self, x: Shape) -> list[tuple[Shape, Shape]]:
        """Return the input and output shapes of each part."""
        h, w = (x.w, x.h) if self.swapped else (x.h, x.w)
        return [(Shape(c=c, h=h, w=w), Shape(c=n, h=h, w=w)) for c, n in self.channels(x.c)]

    def row(self, node: Node) -> str:
        x = node.inputs[0]
        rows = [
            f"\n\t\t{conv_row(y.c, 3, 1, a, y, work)}"
            for (a, y), work in zip(self.part_shapes(x), self.works(x), strict=True)
        ]
        return f"CRNN Layer: {x.h} x {x.w} x {x.c} image, {self.output} filters" + "".join(rows)


@section("crnn", lineage=FORK)
class CrnnAlexeyAB(Crnn):
    """The fork's: any kernel that keeps the size of the map.

    Darknet: src/parser.c parse_crnn, src/crnn_layer.c (AlexeyAB)
    """

    uniform = True
    swapped = False

    output: int = option(1, least=1)
    hidden: int = option(1, least=1)
    size: int = quiet(3, least=1)
    stride: int = quiet(1, least=1, most=MOST_STRIDE)
    dilation: int = quiet(1, least=1, most=MOST_STRIDE)
    pad: bool = quiet(False)
    padding: int = quiet(0, least=0)
    groups: int = quiet(1, least=1)
    xnor: bool = quiet(False)

    def check(self) -> None:
        if self.xnor:
            raise self.error("xnor = 1: expected binary convolutions outside of [crnn]")
        if any(n % self.groups for n in (self.hidden, self.output)):
            raise self.error(f"groups = {self.groups} must divide hidden and output")

    @property
    def kernel(self) -> tuple[int, int, int]:
        margin = self.size // 2 if self.pad else self.padding
        return self.size, margin, self.dilation if self.size > 1 else 1

    @property
    def parts(self) -> int:
        return self.groups

    def shape(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        size, margin, _ = self.kernel
        if self.stride != 1 or 2 * margin != size - 1:
            raise self.error("changes the size of the map: expected stride=1, odd size and pad=1")
        if x.c % self.groups:
            raise self.error(
                f"groups = {self.groups} must divide the {count_of(x.c, 'channel')} it gets"
            )
        return Shape(c=self.output, h=x.h, w=x.w)

    def work(self, node: Node) -> float:
        return sum(self.works(node.inputs[0]))

    def row(self, node: Node) -> str:
        x = node.inputs[0]
        rows = [
            "\n"
            + fork_conv_row(
                "conv",
                y.c,
                self.size,
                (1, 1),
                a,
                y,
                work,
                groups=self.parts,
                dilation=self.kernel[2],
            )
            for (a, y), work in zip(self.part_shapes(x), self.works(x), strict=True)
        ]
        return f"CRNN Layer: {x.h} x {x.w} x {x.c} image, {self.output} filters" + "".join(rows)


class ConvolvedSum(Recurrent):
    """s = input(x) + self(s), plus s itself with `shortcut`; the output reads s.

    With `swapped` the memory of x is read as [N, C, W, H].

    Darknet: src/crnn_layer.c forward_crnn_layer
    """

    forgets = True

    def __init__(self, parts: dict[str, Conv], n: int, shortcut: bool, swapped: bool) -> None:
        super().__init__(parts)
        self.n, self.shortcut, self.swapped = n, shortcut, swapped

    def zeros(self, x: Tensor) -> tuple[Tensor, ...]:
        h, w = x.shape[2:]
        size = (w, h) if self.swapped else (h, w)
        return (x.new_zeros(x.shape[0], self.n, *size),)

    def step(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        if self.swapped:
            x = x.reshape(*x.shape[:2], x.shape[3], x.shape[2])
        before = state[0] if self.shortcut else 0
        after = before + self.parts["input"](x) + self.parts["self"](state[0])
        return self.parts["output"](after), (after,)

    def onnx_step(
        self, writer: Writer, x: Value, state: Sequence[Value]
    ) -> tuple[Value, Sequence[Value]]:
        if self.swapped:
            c, h, w = map(int, x.shape[1:])
            x = x.reshape(c, w, h)
        after = self.onnx_part("input", x) + self.onnx_part("self", state[0])
        after = state[0] + after if self.shortcut else after
        return self.onnx_part("output", after), (after,)
