"""[l2norm], the original's normalisation of every cell's channel vector."""

from __future__ import annotations

from typing import Final

import torch
from torch import Generator, Tensor, nn

from ..cfg.options import quiet
from ..modules.onnx_writer import Value, Writer
from ..modules.parameters import Parametric, array
from .base import FORK, PJREDDIE, Layer, Node, Shape, section

LEAST: Final = 1e-12  # length of a cell that is learned from, as in torch's normalize


@section("l2norm", lineage=PJREDDIE)
class L2norm(Layer):
    """Divide each cell by the length of its channel vector.

    With `scale`, each channel is then multiplied by a learned factor, which starts there; the
    weights file has the factors. Darknet has no such option, and no gradient of the length.

    Darknet: src/parser.c parse_l2norm, src/l2norm_layer.c
    Source of `scale`: Liu et al. 2016, arXiv 1512.02325, after 1506.04579
    """

    image = True

    scale: float = quiet(0.0, least=0, live=False)

    def module(self, *inputs: Shape) -> nn.Module:
        return ScaledLength(inputs[0].c, self.scale) if self.scale else UnitLength()

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


class UnitLength(nn.Module):
    """x / sqrt(sum over channels of x^2)."""

    def forward(self, x: Tensor) -> Tensor:
        return x / x.square().sum(1, keepdim=True).sqrt()

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x = inputs[0]
        return x / (x * x).sum(1).op("Sqrt")


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
