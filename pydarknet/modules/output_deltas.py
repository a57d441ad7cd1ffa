"""Deltas that Darknet computes otherwise than as a derivative.

Those of the fork's activations come from the output, which is not what some of its formulas are
for. Others have something added that is no multiple of the delta of the output.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor, nn

OutputDelta = Callable[[Tensor, Tensor], Tensor]  # of the delta of the output, and of the output


def gelu_delta(delta: Tensor, y: Tensor) -> Tensor:
    """Return delta times the derivative of gelu, at the output y where the input is meant.

    Darknet: src/activations.h gelu_gradient (AlexeyAB)
    """
    wide = y.to(torch.promote_types(y.dtype, torch.float32))
    cube = wide**3
    bent = 0.0356774 * cube + 0.797885 * wide
    slope = (0.0535161 * cube + 0.398942 * wide) / torch.cosh(bent) ** 2
    return (delta * (0.5 * torch.tanh(bent) + slope + 0.5)).to(y.dtype)


def divided_delta(delta: Tensor, y: Tensor) -> Tensor:
    """Return delta divided by the slope of leaky: ten times as much where y is not above 0.

    Darknet: src/activation_kernels.cu gradient_array_revleaky_kernel (AlexeyAB)
    """
    return torch.where(y > 0, delta, delta / 0.1)


def relu_share_delta(delta: Tensor, y: Tensor) -> Tensor:
    """Return delta times y where y is above 0, and delta elsewhere.

    Darknet: src/activation_kernels.cu gradient_array_normalize_channels_kernel (AlexeyAB)
    """
    return torch.where(y > 0, delta * y, delta)


def softmax_share_delta(delta: Tensor, y: Tensor) -> Tensor:
    """Return delta times y (1 - y).

    Darknet: src/activation_kernels.cu gradient_array_normalize_channels_softmax_kernel (AlexeyAB)
    """
    return delta * (y * (1 - y))


ON_GPU: Final[dict[str, OutputDelta]] = {
    "gelu": gelu_delta,
    "normalize_channels": relu_share_delta,
    "normalize_channels_softmax": softmax_share_delta,
    "normalize_channels_softmax_maxval": softmax_share_delta,
    "revleaky": divided_delta,
}
ON_CPU: Final = {word: each for word, each in ON_GPU.items() if word != "revleaky"}
OUTPUT_DELTAS: Final = {"gpu": ON_GPU, "cpu": ON_CPU}  # by the processor of the C's code, by name


def from_output(x: Tensor, function: Callable[[Tensor], Tensor], delta_of: OutputDelta) -> Tensor:
    """Return a function of x that has a given delta.

    Darknet: src/activations.c gradient_array (AlexeyAB)
    Quirk: ACTIVATION_DELTAS
    """
    y: Tensor = FromOutput.apply(x, function, delta_of)
    return y


class FromOutput(torch.autograd.Function):
    """A function of x with a given delta; it keeps the output alone."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, function: Callable[[Tensor], Tensor], delta_of: OutputDelta
    ) -> Tensor:
        y = function(x)
        ctx.delta_of = delta_of
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, delta: Tensor) -> tuple[Tensor | None, ...]:
        (y,) = ctx.saved_tensors
        return ctx.delta_of(delta, y), None, None


class DeltaAdder(nn.Module):
    """A module that adds something of its own to deltas in training.

    Gradients are deltas times `-delta_unit`, which is set before each mini-batch.
    """

    delta_unit = 1.0
