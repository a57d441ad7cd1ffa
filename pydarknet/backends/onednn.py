"""Convolutions in their fastest form on a CPU: batch norm folded, weights packed for oneDNN.

torch's oneDNN operators that convolve and activate in one pass have private names. Only this file
uses them; it tries them once, and falls back to public operators if they are missing or wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..modules.activations import ONEDNN, overwriting
from ..modules.ops import Conv
from .winograd import Filtering, WinogradConv, filtering

Convolution = Callable[[Tensor], Tensor]
Place = tuple[tuple[int, int], tuple[int, int], tuple[int, int], int]
SAME: Place = ((1, 1), (1, 1), (1, 1), 1)  # padding, stride, dilation, groups of most of 3 x 3


class PackedConv(nn.Module):
    """A convolution and all that its layer does after it; batch norm is folded into its weights.

    Maps are channels-last. The size of the first input decides the algorithm. With `many`, 3 x 3
    convolutions use Winograd's algorithm where it pays: scores move by about 1e-5.

    Darknet: src/network.c fuse_conv_batchnorm (AlexeyAB)
    """

    def __init__(self, conv: Conv, many: bool = False) -> None:
        super().__init__()
        self.weights, self.bias = folded_weights(conv)
        self.place: Place = (conv.padding, conv.stride, (conv.dilation,) * 2, conv.groups)
        self.word, self.blur, self.many = conv.activate.word, conv.blur, many
        self.convolution: Convolution | None = None

    def forward(self, x: Tensor) -> Tensor:
        x = x.contiguous(memory_format=torch.channels_last)
        if self.convolution is None:
            self.convolution = self.fastest(x.shape)
        y = self.convolution(x)
        return self.blur(y) if self.blur else y

    def fastest(self, size: torch.Size) -> Convolution:
        """Return the fastest algorithm for inputs of a size."""
        form = self.filtering(size)
        if form:
            tiled, activate = WinogradConv(self.weights, self.bias, form), overwriting(self.word)
            return lambda x: activate(tiled(x))
        make = onednn_convolution if operators_work() else torch_convolution
        return make(self.weights, self.bias, self.place, self.word, size)

    def filtering(self, size: torch.Size) -> Filtering | None:
        """Return Winograd's transforms if they pay."""
        n, c, side, _ = self.weights.shape
        if not self.many or side != 3 or self.place != SAME:
            return None
        return filtering(c, n, size)


def folded_weights(conv: Conv) -> tuple[Tensor, Tensor]:
    """Return weights and bias with the convolution's batch norm folded into them.

    Darknet: src/network.c fuse_conv_batchnorm (AlexeyAB)
    """
    weights, bias = conv.folded_parameters()
    return weights.detach(), bias.detach()


def onednn_convolution(
    weights: Tensor, bias: Tensor, place: Place, word: str, size: torch.Size
) -> Convolution:
    """Return oneDNN's convolution, weights in the order it likes best for inputs of a size."""
    packed = torch.ops.mkldnn._reorder_convolution_weight(weights, *place, list(size))
    convolve, how = torch.ops.mkldnn._convolution_pointwise, ONEDNN.get(word, ONEDNN["linear"])
    activate = overwriting("linear" if word in ONEDNN else word)
    return lambda x: activate(convolve(x, packed, bias, *place, *how, ""))


def torch_convolution(
    weights: Tensor, bias: Tensor, place: Place, word: str, _: torch.Size
) -> Convolution:
    """Return the same convolution by torch's public operators."""
    padding, stride, dilation, groups = place
    activate = overwriting(word)
    return lambda x: activate(F.conv2d(x, weights, bias, stride, padding, dilation, groups))


@cache
def operators_work() -> bool:
    """Return whether this torch has the private operators, and they agree with the public ones."""
    x, weights, bias = torch.ones(1, 2, 4, 4), torch.full((3, 2, 3, 3), -1.0), torch.ones(3)
    try:
        y, expected = (
            f(weights, bias, SAME, "leaky", x.shape)(x)
            for f in (onednn_convolution, torch_convolution)
        )
        return torch.allclose(y, expected, atol=1e-5)
    except (AttributeError, RuntimeError, TypeError):
        return False
