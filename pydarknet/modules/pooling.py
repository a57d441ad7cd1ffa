"""Max pooling that remembers the place of each window's largest value in half of torch's memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import torch
from torch import Tensor

Pair = tuple[int, int]  # vertical, horizontal
WHOLE: Final[ContextVar[bool]] = ContextVar("whole", default=False)


@contextmanager
def whole_operations() -> Iterator[None]:
    """Let maps be pooled by torch's own operation within, as a program knows it that runs them.

    torch itself takes longer for it than for comparisons.
    """
    token = WHOLE.set(True)
    try:
        yield
    finally:
        WHOLE.reset(token)


class MaxPool2d(torch.autograd.Function):
    """F.max_pool2d, which keeps places as 32-bit integers, and nothing of its input."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, size: Pair, stride: Pair, padding: Pair) -> Tensor:
        ctx.way = size, stride, padding, (1, 1), False
        y, places = torch.ops.aten.max_pool2d_with_indices(x, *ctx.way)
        ctx.shape, ctx.form = x.shape, memory_format(x)
        ctx.save_for_backward(places.to(torch.int32))
        largest: Tensor = y
        return largest

    @staticmethod
    def backward(ctx: Any, delta: Tensor) -> tuple[Tensor | None, ...]:
        [places] = ctx.saved_tensors
        of_x = torch.empty(ctx.shape, dtype=delta.dtype, memory_format=ctx.form)
        if torch.is_grad_enabled():  # a gradient of this gradient is wanted
            return torch.ops.aten.max_pool2d_with_indices_backward(
                delta, of_x, *ctx.way, places.to(torch.int64)
            ), *(None,) * 3
        torch.ops.aten.max_pool2d_with_indices_backward.grad_input(
            delta, of_x, *ctx.way, places.to(torch.int64), grad_input=of_x
        )  # of its second operand it reads the size
        return of_x, None, None, None


def memory_format(x: Tensor) -> torch.memory_format:
    """Return the order in which the values of a map lie in memory."""
    last = x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
    return torch.channels_last if last else torch.contiguous_format
