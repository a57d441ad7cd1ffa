"""A convolution that computes the gradient of its weights by matrix products, for a CPU.

With channels last, oneDNN's own gradient of weights takes 1.5 times as long.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
import torch.nn.grad
from torch import Tensor, nn

from ..modules.ops import Conv

Pair = tuple[int, int]  # vertical, horizontal
LEAST = 16  # channels; with fewer, products are slower
WHOLE = 8  # channels in a block of oneDNN
PATCHES = 2**23  # bytes of the patches of one product, about


def use_matrix_products(network: nn.Module) -> None:
    """Use matrix products in those convolutions where they are faster or needed."""
    for module in network.modules():
        if isinstance(module, Conv) and (is_faster(module) or is_needed(module)):
            module.convolve = convolve


def avoid_bad_gradients(network: nn.Module) -> None:
    """Compute in float32 what oneDNN writes out of bounds for, in mixed precision too."""
    for module in network.modules():
        if isinstance(module, Conv) and is_needed(module):
            module.convolve = convolve_in_float32


def is_faster(conv: Conv) -> bool:
    """Return whether products are faster than oneDNN for a convolution."""
    _, c, height, width = conv.weights.shape
    return conv.groups == 1 and c >= LEAST and height * width > 1


def is_needed(conv: Conv) -> bool:
    """Return whether oneDNN writes out of bounds for the gradient of a convolution's weights.

    Version 3.12 does for 1 x 1 with a stride, channels last, and channels not a multiple of 8.
    """
    _, c, height, width = conv.weights.shape
    return conv.groups == height * width == 1 and conv.stride != (1, 1) and c % WHOLE != 0


def convolve(
    x: Tensor, weights: Tensor, bias: Tensor | None, stride: Pair, padding: Pair, dilation: int,
    groups: int,
) -> Tensor:  # fmt: skip
    """Compute the convolution, as F.conv2d does."""
    y: Tensor = ByProducts.apply(x, weights, bias, stride, padding, dilation)
    return y


def convolve_in_float32(
    x: Tensor, weights: Tensor, bias: Tensor | None, stride: Pair, padding: Pair, dilation: int,
    groups: int,
) -> Tensor:  # fmt: skip
    """Compute the convolution in float32 within mixed precision."""
    with torch.autocast(x.device.type, enabled=False):
        return convolve(x.float(), weights, bias, stride, padding, dilation, groups)


class ByProducts(torch.autograd.Function):
    """Convolution without groups.

    Darknet: src/convolutional_layer.c backward_convolutional_layer
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weights: Tensor, bias: Tensor | None, *args: Any) -> Tensor:
        ctx.save_for_backward(x, weights)
        ctx.args, ctx.has_bias = args, bias is not None
        return F.conv2d(x, weights, bias, *args)

    @staticmethod
    def backward(ctx: Any, delta: Tensor) -> tuple[Tensor | None, ...]:
        x, weights = ctx.saved_tensors
        of_x = of_weights = of_bias = None
        if ctx.needs_input_grad[0]:
            of_x = nn.grad.conv2d_input(x.shape, weights, delta, *ctx.args)
        if ctx.needs_input_grad[1]:
            of_weights = weights_gradient(delta, x, weights.shape, *ctx.args)
        if ctx.has_bias and ctx.needs_input_grad[2]:
            of_bias = delta.sum((0, 2, 3))
        return of_x, of_weights, of_bias, None, None, None


def weights_gradient(
    delta: Tensor, x: Tensor, shape: torch.Size, stride: Pair, padding: Pair, dilation: int
) -> Tensor:
    """Return the gradient [n, c, k, k] of weights, from deltas [N, n, H, W] and the input.

    It is the product of deltas [n, N * H * W] and the patches of the input that each delta belongs
    to, [N * H * W, k * k * c]. A few images at a time bound the memory.
    """
    n, c, high, wide = shape
    count, _, height, width = delta.shape
    across, down = padding[1], padding[0]
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, across, across, down, down))
    image, row, column, channel = padded.stride()
    patches = padded.as_strided(  # a view: overlapping patches share memory
        (count, height, width, high, wide, c),
        (image, row * stride[0], column * stride[1], row * dilation, column * dilation, channel),
    )  # fmt: skip
    deltas = delta.permute(0, 2, 3, 1)
    total = x.new_zeros(n, high * wide * c)
    some = max(PATCHES // (height * width * high * wide * c * x.element_size()), 1)
    for begin in range(0, count, some):
        part = slice(begin, begin + some)
        total.addmm_(deltas[part].reshape(-1, n).t(), patches[part].reshape(-1, high * wide * c))
    return total.view(n, high, wide, c).permute(0, 3, 1, 2)
