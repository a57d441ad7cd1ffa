"""[normalization], local response normalisation over neighbouring channels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..cfg.options import option
from ..modules.onnx_writer import Value, Writer
from .base import Layer, Node, Shape, section


@section("normalization", "lrn")
class Normalization(Layer):
    """Divide by a power of a running sum of squares over channels.

    Darknet: src/parser.c parse_normalization, src/normalization_layer.c
    Quirk: LRN_SKIPS_A_CHANNEL
    """

    live = False
    image = True

    alpha: float = option(0.0001, least=0)
    beta: float = option(0.75)
    kappa: float = option(1.0, above=0)
    size: int = option(5, least=1)

    def module(self, *inputs: Shape) -> nn.Module:
        return LocalResponse(self.size, self.alpha, self.beta, self.kappa)

    def row(self, node: Node) -> str:
        x = node.inputs[0]
        return f"Local Response Normalization Layer: {x.w} x {x.h} x {x.c} image, {self.size} size"


class LocalResponse(nn.Module):
    """x_k * N_k^-beta, N_k the C's running sum: channel size // 2 is taken off, never added.

    In training N_k has no derivative: the delta of x_k is that of the output times N_k^-beta.

    Darknet: src/normalization_layer.c forward_normalization_layer, backward_normalization_layer
    Quirk: LRN_DELTA
    """

    def __init__(self, size: int, alpha: float, beta: float, kappa: float) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.kappa = size, alpha, beta, kappa

    def forward(self, x: Tensor) -> Tensor:
        c, half = x.shape[1], self.size // 2
        sums = nn.functional.pad((x * x).cumsum(1), (0, 0, 0, 0, 1, 0))  # of the first m channels
        k = torch.arange(c, device=x.device)
        first, second = (sums[:, m : m + 1] for m in (min(half, c), min(half + 1, c)))
        added = sums[:, (k + half + 1).clamp(max=c)] - second
        removed = sums[:, (k - (self.size - 1) // 2).clamp(min=0)]
        norm = self.kappa + self.alpha * (first + added - removed)
        return x * (norm.detach() if self.training else norm) ** -self.beta

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x, c, half = inputs[0], int(inputs[0].shape[1]), self.size // 2
        m = torch.arange(c)  # the channels that are added up, for each channel k
        k = m[:, None]
        window = ((m < min(half, c)) * 1.0).expand(c, c)
        window = window + ((m > half) & (m < k + half + 1)) * 1.0
        window = window - (m < k - (self.size - 1) // 2) * 1.0
        given = writer.constant(self.alpha * window[:, :, None, None], "window")
        norm = (x * x).op("Conv", given, writer.constant([self.kappa] * c, "kappa"))
        return x * norm**-self.beta
