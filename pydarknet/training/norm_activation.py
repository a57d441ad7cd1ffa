"""Batch norm and activation of a convolution in one step, which keeps only its input.

Torch would keep the output too, for the gradient of the activation and of the layer after it. Here
both compute it again from the input, with the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ..modules.activations import input_delta, overwriting
from ..modules.batch_norm import EPSILON, BatchNorm, several, spread
from ..modules.ops import Conv, normalise_and_activate
from ..ranks.ranks import ALONE, Ranks
from .statistics import Shared

PART = 1 << 22  # bytes of the maps that are worked on at once, about


def use_one_step(network: nn.Module) -> None:
    """Normalise and activate in one step wherever batch norm has the form that torch computes."""
    for module in network.modules():
        if isinstance(module, Conv) and is_plain(module.norm):
            module.finish = finish


def is_plain(norm: nn.Module | None) -> bool:
    """Return whether torch computes a batch norm, in training too: of one process or of several."""
    return type(norm) is BatchNorm and isinstance(norm.in_training, Shared | None)


def finish(conv: Conv, x: Tensor) -> Tensor:
    """Return the output of a convolution after its batch norm and activation."""
    norm = conv.norm
    if norm is None or not norm.training or not torch.is_grad_enabled():
        return normalise_and_activate(conv, x)
    word, shared = conv.activate.word, norm.in_training
    values = x if shared else several(x)
    y: Tensor = NormActivation.apply(values, norm.scales, conv.biases, norm, shared, word)
    return y


class NormActivation(torch.autograd.Function):
    """The activation of `(x - mean) / sqrt(variance + 1e-5) * scale + bias` in training.

    Mean and variance are those of x, or of what all processes have that are `shared` with.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        scales: Tensor,
        biases: Tensor,
        norm: BatchNorm,
        shared: Shared | None,
        word: str,
    ) -> Tensor:
        if shared:
            mean, variance, _ = shared.statistics(norm, x)
        else:
            rolling = norm.rolling_mean, norm.rolling_variance
            mean, variance = torch.batch_norm_update_stats(x, *rolling, norm.momentum)
        ctx.word, ctx.ranks = word, shared.ranks if shared else ALONE
        ctx.save_for_backward(x, scales, biases, mean, variance)
        return normal_activation(word, x, scales, biases, mean, variance)

    @staticmethod
    def backward(ctx: Any, delta: Tensor) -> tuple[Tensor | None, ...]:
        x, scales, _, mean, variance = ctx.saved_tensors
        delta = normal_delta(ctx.word, delta, *ctx.saved_tensors)
        of_scales, of_biases = sums(delta, x, scales, mean, variance)
        if ctx.needs_input_grad[0]:
            count = x.numel() / x.shape[1] * ctx.ranks.size
            of_scale, of_bias = sums_of_all(ctx.ranks, of_scales, of_biases)
            slope = scales * torch.rsqrt(variance + EPSILON)
            bend = -slope / (variance + EPSILON).sqrt() * of_scale / count
            shift = -slope * of_bias / count - bend * mean
            slope, bend, shift = (spread(one, x) for one in (slope, bend, shift))
            for some, of_x in parts(delta, x):
                some.mul_(slope).addcmul_(of_x, bend).add_(shift)
        return delta, of_scales, of_biases, None, None, None


def sums(
    delta: Tensor, x: Tensor, scales: Tensor, mean: Tensor, variance: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the gradients of scales and biases, [C] each."""
    statistics = mean, variance, None, None, False, EPSILON
    wanted = False, True, True
    _, of_scales, of_biases = torch.ops.aten.native_batch_norm_backward(
        delta, x, scales, *statistics, wanted
    )
    return of_scales, of_biases


def sums_of_all(ranks: Ranks, of_scales: Tensor, of_biases: Tensor) -> tuple[Tensor, Tensor]:
    """Return the sums of both over all processes, [C] each."""
    if ranks.alone:
        return of_scales, of_biases
    both = torch.stack((of_scales, of_biases))
    ranks.add([both])
    return both[0], both[1]


def parts(*maps: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Yield maps [N, C, H, W] in parts of a few images, which stay in the cache step after step."""
    count = max(PART // max(maps[0][0].nbytes, 1), 1)
    return zip(*(one.split(count) for one in maps), strict=True)


@torch.no_grad()
def normal_activation(word: str, x: Tensor, *statistics: Tensor) -> Tensor:
    """Return the activation of x normalised by scales, biases, means and variances."""
    y = torch.empty_like(x)
    for some, out in parts(x, y):
        keep(out, overwriting(word)(normal_into(out, some, *statistics)))
    return y


@torch.no_grad()
def normal_delta(word: str, delta: Tensor, x: Tensor, *statistics: Tensor) -> Tensor:
    """Return the delta of the normalised x from that of its activation."""
    found = torch.empty_like(x)
    for some, of_x, out in parts(delta, x, found):
        keep(out, input_delta(word, some, normal_into(out, of_x, *statistics)))
    return found


def normal_into(
    out: Tensor, x: Tensor, scales: Tensor, biases: Tensor, mean: Tensor, variance: Tensor
) -> Tensor:
    """Write x normalised by these statistics into `out`, and return that."""
    given, unused = (x, scales, biases, mean, variance), x.new_empty(0)
    torch.ops.aten.native_batch_norm.out(
        *given, False, 0.0, EPSILON, out=out, save_mean=unused, save_invstd=unused
    )
    return out


def keep(out: Tensor, found: Tensor) -> None:
    """Copy what was found to its place, unless it stands there already."""
    if found is not out:
        out.copy_(found)


def source_of(x: Tensor) -> Callable[[], Tensor] | None:
    """Return what computes x again for a gradient, if x is an output of this step, or a part of it.

    It keeps no map. It works until the backward pass has gone through the step.
    """
    whole = x if x._base is None else x._base
    node = whole.grad_fn
    if not isinstance(node, NormActivation._backward_cls):
        return None
    return partial(output_again, node, x.shape, x.stride(), int(x.storage_offset()))


def output_again(node: Any, shape: torch.Size, stride: tuple[int, ...], offset: int) -> Tensor:
    """Return a part of the output of a step again."""
    y = normal_activation(node.word, *node.saved_tensors)
    return y.as_strided(shape, stride, offset)
