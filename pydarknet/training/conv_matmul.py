"""Convolutions in training on a CPU: what they keep, and how they compute their gradients.

Without AVX-512, and with channels last, oneDNN's own gradient of weights takes 1.5 times as long as
matrix products. With AVX-512 it takes 0.5 to 1.05 times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..modules.ops import Conv
from .norm_activation import source_of

Pair = tuple[int, int]  # vertical, horizontal
Compute = Callable[[Tensor, Tensor], Tensor]
LEAST = 16  # channels; with fewer, products are slower
WHOLE = 8  # channels in a block of oneDNN
PATCHES = 2**22  # bytes of the patches of one product, about, so that they stay in the cache


class Ways(NamedTuple):
    """How a convolution computes its output, and the gradients of its input and its weights.

    None is torch's own way. `output` is called with x and weights, `of_input` with deltas and
    weights, `of_weights` with deltas and x.
    """

    output: Compute | None = None
    of_input: Compute | None = None
    of_weights: Compute | None = None


def use_lean_convolutions(network: nn.Module) -> None:
    """Let every convolution keep no map that can be computed again, and take its faster way."""
    for module in network.modules():
        if isinstance(module, Conv):
            module.convolve = by_products if products_suit(module) else convolve


def products_suit(conv: Conv) -> bool:
    """Return whether matrix products are faster than oneDNN for a convolution, or needed."""
    return is_faster(conv) or is_needed(conv)


def avoid_bad_gradients(network: nn.Module) -> None:
    """Compute in float32 what oneDNN writes out of bounds for, in mixed precision too."""
    for module in network.modules():
        if isinstance(module, Conv) and is_needed(module):
            module.convolve = convolve_in_float32


def is_faster(conv: Conv) -> bool:
    """Return whether products are faster than oneDNN for a convolution on this processor."""
    _, c, height, width = conv.weights.shape
    wide = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    return not wide and conv.groups == 1 and c >= LEAST and height * width > 1


def is_needed(conv: Conv) -> bool:
    """Return whether oneDNN writes out of bounds for the gradient of a convolution's weights.

    Version 3.12 does for 1 x 1 with a stride, channels last, and channels not a multiple of 8.
    """
    _, c, height, width = conv.weights.shape
    return conv.groups == height * width == 1 and conv.stride != (1, 1) and c % WHOLE != 0


def convolve(x: Tensor, weights: Tensor, bias: Tensor | None, *args: Any) -> Tensor:
    """Compute the convolution, as F.conv2d does with these arguments."""
    return convolve_in(Ways(), x, weights, bias, *args)


def by_products(x: Tensor, weights: Tensor, bias: Tensor | None, *args: Any) -> Tensor:
    """Compute the same, and the gradient of weights by matrix products; there are no groups."""

    def of_weights(delta: Tensor, x: Tensor) -> Tensor:
        return weights_gradient(delta, x, weights.shape, *args)

    return convolve_in(Ways(of_weights=of_weights), x, weights, bias, *args)


def convolve_in(ways: Ways, x: Tensor, weights: Tensor, bias: Tensor | None, *args: Any) -> Tensor:
    """Compute the same in these ways."""
    y: Tensor = Convolution.apply(x, weights, bias, ways, *args)
    return y


def convolve_in_float32(x: Tensor, weights: Tensor, bias: Tensor | None, *args: Any) -> Tensor:
    """Compute the same in float32 within mixed precision."""
    with torch.autocast(x.device.type, enabled=False):
        return by_products(x.float(), weights, bias, *args)


class Convolution(torch.autograd.Function):
    """F.conv2d, which keeps its input only if nothing can compute it again.

    Darknet: src/convolutional_layer.c backward_convolutional_layer
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weights: Tensor, bias: Tensor | None, ways: Ways, *args: Any
    ) -> Tensor:
        ctx.again = source_of(x)
        ctx.save_for_backward(weights, *([] if ctx.again else [x]))
        ctx.shape, ctx.ways, ctx.args, ctx.biased = x.shape, ways, args, bias is not None
        if ways.output is None:
            return F.conv2d(x, weights, bias, *args)
        y = ways.output(x, weights)
        return y if bias is None else y.add_(bias.view(-1, 1, 1))

    @staticmethod
    def backward(ctx: Any, delta: Tensor) -> tuple[Tensor | None, ...]:
        of_x, of_weights, of_bias = ctx.needs_input_grad[:3]
        found: list[Tensor | None] = [None, None, None]
        weights, ways = ctx.saved_tensors[0], ctx.ways
        if of_weights and ways.of_weights:
            found[1] = ways.of_weights(delta, input_of(ctx))
            of_weights = False
        if of_x and ways.of_input:
            found[0] = ways.of_input(delta, weights)
            of_x = False
        x = input_of(ctx) if of_weights else delta.new_empty(1).expand(ctx.shape)
        wanted = of_x, of_weights, ctx.biased and of_bias
        rest = gradients(delta, x, weights, ctx.args, wanted)
        return *(a if a is not None else b for a, b in zip(found, rest, strict=True)), *[None] * 5


def input_of(ctx: Any) -> Tensor:
    """Return the input of a convolution."""
    _, *kept = ctx.saved_tensors
    x: Tensor = kept[0] if kept else ctx.again()
    return x


def gradients(
    delta: Tensor, x: Tensor, weights: Tensor, args: Sequence[Any], wanted: tuple[bool, bool, bool]
) -> Sequence[Tensor | None]:
    """Return those gradients of input, weights and bias that are wanted, by torch's own way."""
    if not any(wanted):
        return (None,) * 3
    stride, padding, dilation, groups = args
    way = stride, padding, (dilation,) * 2, False, (0, 0), groups
    found: Sequence[Tensor | None] = torch.ops.aten.convolution_backward(
        delta, x, weights, [len(weights)], *way, wanted
    )
    return found


def weights_gradient(
    delta: Tensor,
    x: Tensor,
    shape: torch.Size,
    stride: Pair,
    padding: Pair,
    dilation: int,
    groups: int = 1,
) -> Tensor:
    """Return the gradient [n, c, k, k] of weights, from deltas [N, n, H, W] and the input.

    It is the product of deltas [n, N * H * W] and the patches of the input that each delta belongs
    to, [N * H * W, k * k * c], a few images or a few rows of one image at a time.
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
    line = width * high * wide * c * x.element_size()  # bytes of the patches of a row of deltas
    images, rows = max(PATCHES // (height * line), 1), max(PATCHES // line, 1)
    for first in range(0, count, images):
        for top in range(0, height, rows):
            part = slice(first, first + images), slice(top, top + rows)
            right = patches[part].reshape(-1, high * wide * c)
            total.addmm_(deltas[part].reshape(-1, n).t(), right)
    return total.view(n, high, wide, c).permute(0, 3, 1, 2)
