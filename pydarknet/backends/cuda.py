"""Networks in their fastest form on a GPU: batch norm folded, channels last, half precision.

Convolutions, and layers that only move, compare or add values, compute in the chosen precision.
Every other layer takes and returns float32.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layers import Node
from ..modules.ops import Conv
from .half import InFloat32, half_activation, moves_values
from .packed_conv import folded_weights


class CudaConv(nn.Module):
    """A convolution in a given precision and all that its layer does after it, channels last.

    Darknet: src/convolutional_kernels.cu forward_convolutional_layer_gpu (AlexeyAB, CUDNN_HALF)
    """

    def __init__(self, conv: Conv, dtype: torch.dtype) -> None:
        super().__init__()
        weights, self.bias = (values.to(dtype) for values in folded_weights(conv))
        self.weights = weights.contiguous(memory_format=torch.channels_last)
        self.settings = (conv.stride, conv.padding, conv.dilation, conv.groups)
        self.activate, self.blur = half_activation(conv.activate.word), conv.blur

    def forward(self, x: Tensor) -> Tensor:
        x = x.to(self.weights.dtype, memory_format=torch.channels_last)
        y = self.activate(F.conv2d(x, self.weights, self.bias, *self.settings))
        return self.blur(y) if self.blur else y


def cuda_module(node: Node, module: nn.Module, dtype: torch.dtype, *, result: bool) -> nn.Module:
    """Return a layer's module for a GPU, in `dtype` where that is safe; a result in float32."""
    if type(module) is Conv:
        with torch.no_grad():
            convolution = CudaConv(module, dtype)
        return InFloat32(convolution) if result else convolution
    return module if moves_values(node, module) and not result else InFloat32(module)
