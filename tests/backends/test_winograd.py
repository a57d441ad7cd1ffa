"""Winograd's convolution is the direct one."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from pydarknet.backends.winograd import F2, F4, F5, GroupedWinograd, WinogradConv


def grouped(weights, bias, groups):
    """Return a convolution with groups."""
    return lambda x: F.conv2d(x, weights(), bias, groups=groups)


@pytest.mark.parametrize("form", [F2, F4, F5], ids=["F2", "F4", "F5"])
@pytest.mark.parametrize("size", [(1, 3, 4, 4), (2, 5, 13, 13), (1, 8, 7, 10), (3, 2, 1, 1)])
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_it_gives_what_conv2d_gives(form, size, layout):
    draws = torch.Generator().manual_seed(1)
    x = torch.randn(size, generator=draws).to(memory_format=layout)
    weights, bias = torch.randn(6, size[1], 3, 3, generator=draws), torch.randn(6, generator=draws)

    expected = F.conv2d(x, weights, bias, padding=1)

    for convolve in (
        WinogradConv(weights, bias, form),
        GroupedWinograd(weights, bias, form, grouped),
    ):
        far = (convolve(x) - expected).abs().max() / expected.abs().max()
        assert far < 2e-5
