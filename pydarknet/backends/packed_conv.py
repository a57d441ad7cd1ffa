"""Convolutions in their fastest form on a CPU: batch norm folded, weights packed."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..modules.activations import overwriting
from ..modules.ops import Conv
from .onednn import SAME, Convolution, Place, direct_convolution
from .winograd import Filtering, WinogradConv, filtering


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
        return direct_convolution(self.weights, self.bias, self.place, self.word, size)

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
