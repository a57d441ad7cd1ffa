"""Convolutions in their fastest form on a CPU: batch norm folded, weights packed."""

from __future__ import annotations

import threading

import torch
from torch import Tensor, nn

from ..graph.executor import Executor
from ..modules.ops import Conv
from ..system.alike import is_alike
from .onednn import Convolution, Place
from .ways import DIRECT, WAYS, Task

MAKING = threading.Lock()  # of all: what a convolution holds is copied with its network


class PackedConv(nn.Module):
    """A convolution and all that its layer does after it; batch norm is folded into its weights.

    Maps are channels-last, and float32 or bfloat16 as the weights are. Products are summed, and the
    bias is added, in float32. Each size of the input may have a way of its own to be computed.

    Darknet: src/network.c fuse_conv_batchnorm (AlexeyAB)
    """

    def __init__(self, conv: Conv, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        weights, self.bias = folded_weights(conv)
        self.weights = weights.to(dtype)
        self.place: Place = (conv.padding, conv.stride, (conv.dilation,) * 2, conv.groups)
        self.word, self.blur = conv.activate.word, conv.blur
        self.ways: dict[torch.Size, str] = {}  # by size of the input, where one was chosen
        self.made: dict[str, Convolution] = {}

    def forward(self, x: Tensor) -> Tensor:
        x = as_maps(x, self.weights.dtype)
        y = self.convolution(x.shape)(x)
        return self.blur(y) if self.blur else y

    def convolution(self, size: torch.Size) -> Convolution:
        """Return the function that convolves and activates maps of a size, with channels last."""
        way = self.way(size)
        return self.made.get(way) or self.make(way, size)

    def make(self, way: str, size: torch.Size) -> Convolution:
        """Make and keep that function; threads that need it at the same time wait for one."""
        with MAKING:
            made = self.made.get(way)
            if made is None:
                self.made[way] = made = WAYS[way].make(self.task(size))
        return made

    def way(self, size: torch.Size) -> str:
        """Return the way in which maps of a size are computed; direct where all are alike."""
        if is_alike():
            return DIRECT
        return self.ways.get(size) or self.way_of_others(size)

    def way_of_others(self, size: torch.Size) -> str:
        """Return the way that was chosen for the nearest number of maps of this size."""
        others = [one for one in self.ways if one[1:] == size[1:]]
        nearest = min(others, key=lambda one: abs(one[0] - size[0]), default=None)
        return self.ways[nearest] if nearest else DIRECT

    def task(self, size: torch.Size) -> Task:
        """Return what it computes from maps of a size."""
        return Task(self.weights, self.bias, self.place, self.word, size)

    def choose(self, size: torch.Size, way: str) -> None:
        """Compute maps of a size in this way from now on."""
        self.ways = {**self.ways, size: way}

    def forget_made(self) -> None:
        """Free what was made to try the ways: what is used is made anew, for the maps it gets."""
        self.made = {}


def is_narrow(network: Executor) -> bool:
    """Return whether convolutions of a network compute in bfloat16."""
    convolutions = (module for module in network.stack if isinstance(module, PackedConv))
    return any(module.weights.dtype is torch.bfloat16 for module in convolutions)


def as_maps(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Return x in a type and with channels last; x itself if it is that."""
    if x.dtype is not dtype:
        return x.to(dtype, memory_format=torch.channels_last)
    return x.contiguous(memory_format=torch.channels_last)


def folded_weights(conv: Conv) -> tuple[Tensor, Tensor]:
    """Return weights and bias with the convolution's batch norm folded into them.

    Darknet: src/network.c fuse_conv_batchnorm (AlexeyAB)
    """
    weights, bias = conv.folded_parameters()
    return weights.detach(), bias.detach()
