"""Convolutions in their fastest form on a CPU: batch norm folded, weights packed for oneDNN.

oneDNN's operators of torch that convolve and activate in one pass have private names: here alone
they are known, tried once, and done without where they are missing or wrong.
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

Way = Callable[[Tensor], Tensor]
Place = tuple[tuple[int, int], tuple[int, int], tuple[int, int], int]
SAME: Place = ((1, 1), (1, 1), (1, 1), 1)  # padding, stride, dilation, groups of most of 3 x 3


class PackedConv(nn.Module):
    """A convolution and all that its layer does after it; batch norm is in its weights.

    Maps have their channels last. How it is done is chosen for the size of the first input. For
    `many` images those of 3 x 3 go Winograd's way where it pays: scores move by 1e-5 or so.

    Darknet: src/network.c fuse_conv_batchnorm (AlexeyAB)
    """

    def __init__(self, conv: Conv, many: bool = False) -> None:
        super().__init__()
        self.weights, self.bias = folded(conv)
        self.place: Place = (conv.padding, conv.stride, (conv.dilation,) * 2, conv.groups)
        self.word, self.blur, self.many = conv.activate.word, conv.blur, many
        self.way: Way | None = None

    def forward(self, x: Tensor) -> Tensor:
        x = x.contiguous(memory_format=torch.channels_last)
        if self.way is None:
            self.way = self.fastest(x.shape)
        y = self.way(x)
        return self.blur(y) if self.blur else y

    def fastest(self, size: torch.Size) -> Way:
        """Return the fastest way known for inputs of a size."""
        form = self.filtering(size)
        if form:
            tiled, activate = WinogradConv(self.weights, self.bias, form), overwriting(self.word)
            return lambda x: activate(tiled(x))
        make = fused if operators_work() else public
        return make(self.weights, self.bias, self.place, self.word, size)

    def filtering(self, size: torch.Size) -> Filtering | None:
        """Return Winograd's transforms, where they pay."""
        n, c, side, _ = self.weights.shape
        if not self.many or side != 3 or self.place != SAME:
            return None
        return filtering(c, n, size)


def folded(conv: Conv) -> tuple[Tensor, Tensor]:
    """Return the weights and the bias of a convolution that does its batch norm's work too.

    Darknet: src/network.c fuse_conv_batchnorm (AlexeyAB)
    """
    weights, bias = conv.weights.detach(), conv.biases.detach()
    if conv.norm is None:
        return weights, bias
    factor = conv.norm.scales.detach() / conv.norm.divisor()
    return weights * factor[:, None, None, None], bias - conv.norm.rolling_mean * factor


def fused(weights: Tensor, bias: Tensor, place: Place, word: str, size: torch.Size) -> Way:
    """Return oneDNN's convolution, weights in the order it likes best for inputs of a size."""
    packed = torch.ops.mkldnn._reorder_convolution_weight(weights, *place, list(size))
    convolve, how = torch.ops.mkldnn._convolution_pointwise, ONEDNN.get(word, ONEDNN["linear"])
    activate = overwriting("linear" if word in ONEDNN else word)
    return lambda x: activate(convolve(x, packed, bias, *place, *how, ""))


def public(weights: Tensor, bias: Tensor, place: Place, word: str, _: torch.Size) -> Way:
    """Return the convolution by torch's public names."""
    padding, stride, dilation, groups = place
    activate = overwriting(word)
    return lambda x: activate(F.conv2d(x, weights, bias, stride, padding, dilation, groups))


@cache
def operators_work() -> bool:
    """Say whether this torch has the operators, and they give what the public ones give."""
    x, weights, bias = torch.ones(1, 2, 4, 4), torch.full((3, 2, 3, 3), -1.0), torch.ones(3)
    try:
        y, expected = (f(weights, bias, SAME, "leaky", x.shape)(x) for f in (fused, public))
        return torch.allclose(y, expected, atol=1e-5)
    except (AttributeError, RuntimeError, TypeError):
        return False
