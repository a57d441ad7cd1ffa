"""Networks in their fastest form on a GPU: batch norm folded, channels last, half precision.

Convolutions, and layers that only move, compare or add values, compute in the chosen precision.
Every other layer takes and returns float32.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layers import Node
from ..modules.activations import ONEDNN, OVERWRITING, activation, overwriting
from ..modules.ops import Conv
from .onednn import folded_weights

ELEMENTWISE = {*OVERWRITING, *ONEDNN, "mish"}  # activations that half precision has room for


class CudaConv(nn.Module):
    """A convolution in a given precision and all that its layer does after it, channels last.

    Darknet: src/convolutional_kernels.cu forward_convolutional_layer_gpu (AlexeyAB, CUDNN_HALF)
    """

    def __init__(self, conv: Conv, dtype: torch.dtype) -> None:
        super().__init__()
        weights, self.bias = (values.to(dtype) for values in folded_weights(conv))
        self.weights = weights.contiguous(memory_format=torch.channels_last)
        self.settings = (conv.stride, conv.padding, conv.dilation, conv.groups)
        self.word, self.blur = conv.activate.word, conv.blur

    def forward(self, x: Tensor) -> Tensor:
        x = x.to(self.weights.dtype, memory_format=torch.channels_last)
        y = self.activate(F.conv2d(x, self.weights, self.bias, *self.settings))
        return self.blur(y) if self.blur else y

    def activate(self, y: Tensor) -> Tensor:
        """Return the activation of y; one that sums many values does so in float32."""
        if self.word in ELEMENTWISE:
            return overwriting(self.word)(y)
        return activation(self.word)(y.float()).to(y.dtype)


class InFloat32(nn.Module):
    """A module that takes and returns float32, whatever its neighbours compute in."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: Tensor) -> Tensor:
        y: Tensor = self.module(*(x.float() for x in inputs))
        return y.float()


def cuda_module(node: Node, module: nn.Module, dtype: torch.dtype, *, result: bool) -> nn.Module:
    """Return a layer's module for a GPU, in `dtype` where that is safe; a result in float32."""
    if type(module) is Conv:
        with torch.no_grad():
            convolution = CudaConv(module, dtype)
        return InFloat32(convolution) if result else convolution
    moves = node.layer.lossless_in_half and not any(True for _ in module.parameters())
    return module if moves and not result else InFloat32(module)
