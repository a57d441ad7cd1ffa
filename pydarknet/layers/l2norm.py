"""[l2norm], the original's normalisation of every cell's channel vector."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Generator, Tensor, nn

from ..cfg.options import quiet
from ..modules.onnx_writer import Value, Writer
from ..modules.output_deltas import DeltaAdder
from ..modules.parameters import Parametric, array
from .base import FORK, PJREDDIE, Layer, Node, Shape, section

LEAST: Final = 1e-12  # length of a cell that is learned from, as in torch's normalize
LESS: Final = 1e-30  # than the length of any cell in 32 bits, except of zeros


@section("l2norm", lineage=PJREDDIE)
class L2norm(Layer):
    """Divide each cell by the length of its channel vector.

    With `scale`, each channel is then multiplied by a learned factor, which starts there; the
    weights file has the factors, and all learns by the derivative. Darknet has no such option.

    Darknet: src/parser.c parse_l2norm, src/l2norm_layer.c
    Source of `scale`: Liu et al. 2016, arXiv 1512.02325, after 1506.04579
    """

    image = True

    scale: float = quiet(0.0, least=0, live=False)

    def module(self, *inputs: Shape) -> nn.Module:
        return (
            ScaledLength(inputs[0].c, self.scale)
            if self.scale
            else UnitLength(self.reading.processor)
        )

    def row(self, node: Node) -> str:
        return f"l2norm                                         {node.output.outputs:4d}"


@section("l2norm", lineage=FORK)
class L2normAlexeyAB(L2norm):
    """The same, which the fork's program has not: its cfgs may have the one with `scale`."""

    live = False

    def check(self) -> None:
        super().check()
        if not self.scale:
            raise self.error("is no section of the fork: expected one with scale=")


class UnitLength(DeltaAdder):
    """y = x / length, sqrt(sum over channels of x^2); a cell of zeros stays so.

    In training the delta of x is that of y plus `(1 - y) / length`; with the `processor` "cpu" it
    is that of y alone.

    Darknet: src/l2norm_layer.c backward_l2norm_layer_gpu, backward_l2norm_layer,
    src/blas_kernels.cu l2norm_kernel
    Quirk: L2NORM_DELTA
    """

    def __init__(self, processor: str = "gpu") -> None:
        super().__init__()
        self.on_cpu = processor == "cpu"

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x / lengths(x)
        y: Tensor = PulledToOne.apply(x, 0.0 if self.on_cpu else self.delta_unit)
        return y

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x = inputs[0]
        return x / (x * x).sum(1).op("Sqrt").with_number("Max", LESS)


def lengths(x: Tensor) -> Tensor:
    """Return the length of each cell's channel vector [N, 1, H, W], 1 for zeros."""
    length = x.square().sum(1, keepdim=True).sqrt()
    return length.masked_fill(length == 0, 1)


class PulledToOne(torch.autograd.Function):
    """x / length, whose delta is that of the output plus `unit` times (1 - output) / length."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, unit: float) -> Tensor:
        length = lengths(x)
        y = x / length
        ctx.unit = unit
        ctx.save_for_backward(y, length)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        y, length = ctx.saved_tensors
        return gradient - ctx.unit * (1 - y) / length if ctx.unit else gradient, None


class ScaledLength(Parametric):
    """The same times a factor per channel, `scales` [C]; a cell of zeros stays so."""

    def __init__(self, channels: int, start: float) -> None:
        super().__init__()
        self.first = start
        self.scales = nn.Parameter(array(channels))

    def fill(self, name: str, tensor: Tensor, generator: Generator | None) -> None:
        tensor.fill_(self.first)

    def forward(self, x: Tensor) -> Tensor:
        return torch.nn.functional.normalize(x, dim=1, eps=LEAST) * self.scales[:, None, None]

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x = inputs[0]
        length = (x * x).sum(1).op("Sqrt").with_number("Max", LEAST)
        return x / length * writer.constant(self.scales[:, None, None], "scales")
