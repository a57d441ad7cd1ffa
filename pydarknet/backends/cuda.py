"""Networks for a GPU: batch norm folded, half precision, maps as it reads them fastest.

Convolutions, and layers that only move, compare or add values, compute in the chosen precision.
Every other layer takes and returns float32.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layers import Node
from ..modules.ops import Conv
from .half import InFloat32, moves_values, precise_activation
from .packed_conv import folded_weights

MULTIPLE = 8  # of which tensor cores compute filters in half precision
Compute = Callable[[Tensor], Tensor]  # of a convolution, with its bias and its activation


@dataclass(frozen=True)
class Form:
    """How convolutions lie in memory, and what one kernel computes.

    `padded` adds filters to a multiple of 8, and drops their maps. `fused` leaves bias and
    activation to the convolution's kernel, where torch has one that does: after a relu alone.
    """

    channels_last: bool
    padded: bool = False
    fused: bool = False

    @property
    def layout(self) -> torch.memory_format:
        """How maps and weights lie in memory."""
        return torch.channels_last if self.channels_last else torch.contiguous_format


PLAIN, CHANNELS_LAST = Form(channels_last=False), Form(channels_last=True)


def first_form(dtype: torch.dtype) -> Form:
    """Return the form that is used until one is measured.

    Tensor cores read channels last. Without them, and without TF32, cuDNN is made for the other.
    """
    return CHANNELS_LAST if dtype is torch.float16 else PLAIN


class CudaConv(nn.Module):
    """A convolution in a given precision and all that its layer does after it, in a chosen form.

    Darknet: src/convolutional_kernels.cu forward_convolutional_layer_gpu (AlexeyAB, CUDNN_HALF)
    """

    def __init__(self, conv: Conv, dtype: torch.dtype) -> None:
        super().__init__()
        weights, self.bias = (values.to(dtype) for values in folded_weights(conv))
        self.weights = weights.contiguous(memory_format=first_form(dtype).layout)
        self.settings = (conv.stride, conv.padding, (conv.dilation,) * 2, conv.groups)
        self.word, self.blur = conv.activate.word, conv.blur
        self.activate = precise_activation(self.word)
        self.made: dict[Form, tuple[Tensor, Compute]] = {}  # with the weights
        self.compute: Compute
        self.choose(first_form(dtype))

    def forward(self, x: Tensor) -> Tensor:
        y = self.compute(x)
        return self.blur(y) if self.blur else y

    def choose(self, form: Form, *, alone: bool = False) -> None:
        """Compute in a form from now on; what other forms need is kept, unless it is `alone`."""
        form = self.nearest(form)
        if form not in self.made:
            with torch.inference_mode(False), torch.no_grad():
                self.made[form] = self.conv_form(form)
        weights, self.compute = self.made[form]
        if alone:
            self.weights, self.made = weights, {form: (weights, self.compute)}

    def nearest(self, form: Form) -> Form:
        """Return a form without what makes no difference to this convolution."""
        padded = form.padded and bool(len(self.bias) % MULTIPLE) and self.settings[-1] == 1
        fused = form.fused and self.word == "relu"
        return replace(form, padded=padded, fused=fused)

    def conv_form(self, form: Form) -> tuple[Tensor, Compute]:
        """Return weights in a form, and what computes with them."""
        weights, bias, count = self.weights, self.bias, len(self.bias)
        if form.padded:
            more = -count % MULTIPLE
            weights, bias = F.pad(weights, (0, 0) * 3 + (0, more)), F.pad(bias, (0, more))
        weights = weights.contiguous(memory_format=form.layout)

        def compute(x: Tensor) -> Tensor:
            x = x.to(weights.dtype, memory_format=form.layout)
            if form.fused:
                y = torch.cudnn_convolution_relu(x, weights, bias, *self.settings)
            else:
                y = self.activate(F.conv2d(x, weights, bias, *self.settings))
            return y[:, :count] if form.padded else y

        return weights, compute


def cuda_module(node: Node, module: nn.Module, dtype: torch.dtype, *, result: bool) -> nn.Module:
    """Return a layer's module for a GPU, in `dtype` where that is safe; a result in float32."""
    if type(module) is Conv:
        with torch.no_grad():
            convolution = CudaConv(module, dtype)
        return InFloat32(convolution) if result else convolution
    return module if moves_values(node, module) and not result else InFloat32(module)
