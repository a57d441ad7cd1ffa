"""Convolutions by tiles, and their gradients, are those of float64."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from pydarknet.backends.winograd import F2, F4
from pydarknet.training import conv_tiles
from pydarknet.training.conv_tiles import (
    tiled_input_gradient,
    tiled_output,
    tiled_weights_gradient,
)

NEAR = 5e-6  # as a part of the largest value
FORMS = pytest.mark.parametrize("form", [F2, F4], ids=["F2", "F4"])
SIZES = pytest.mark.parametrize("size", [(2, 3, 13, 13), (3, 8, 7, 10), (1, 5, 4, 4), (4, 2, 1, 3)])


@pytest.fixture(params=[(1 << 24, 1 << 25), (1, 1)], ids=["whole", "in pieces"], autouse=True)
def pieces(request, monkeypatch):
    """Compute all at once, and a few maps of an image at a time."""
    for name, value in zip(("PIECE", "PATCHES"), request.param, strict=True):
        monkeypatch.setattr(conv_tiles, name, value)


def drawn(size: tuple[int, ...], n: int = 35) -> tuple[Tensor, Tensor, Tensor]:
    """Return x, weights and deltas, with channels last, as in training."""
    draws = torch.Generator().manual_seed(1)
    sizes = size, (n, size[1], 3, 3), (size[0], n, *size[2:])
    x, weights, delta = (torch.randn(one, generator=draws) for one in sizes)
    form = torch.channels_last
    return tuple(one.contiguous(memory_format=form) for one in (x, weights, delta))  # type: ignore[return-value]


def exact(x: Tensor, weights: Tensor, delta: Tensor) -> tuple[Tensor, ...]:
    """Return the output and the gradients of x and weights, by torch in float64."""
    given = [one.double().requires_grad_() for one in (x, weights)]
    y = F.conv2d(*given, padding=1)
    return y.detach(), *torch.autograd.grad(y, given, delta.double())


@FORMS
@SIZES
def test_output_and_gradients_are_torchs(form, size):
    x, weights, delta = drawn(size)

    found = (
        tiled_output(x, weights, form),
        tiled_input_gradient(delta, weights, form),
        tiled_weights_gradient(delta, x, form),
    )

    for one, expected in zip(found, exact(x, weights, delta), strict=True):
        assert one.shape == expected.shape
        assert float((one - expected).abs().max() / expected.abs().max()) < NEAR


@FORMS
def test_channels_may_come_first_in_memory(form):
    x, weights, delta = (one.contiguous() for one in drawn((2, 4, 6, 5)))

    gradient = tiled_weights_gradient(delta, x, form)

    y, _, of_weights = exact(x, weights, delta)
    torch.testing.assert_close(tiled_output(x, weights, form), y.float(), rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(gradient, of_weights.float(), rtol=1e-5, atol=1e-3)
