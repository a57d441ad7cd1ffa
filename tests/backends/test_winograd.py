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
        assert far < 5e-6


@pytest.mark.parametrize("form", [F2, F4, F5], ids=["F2", "F4", "F5"])
def test_its_transforms_are_those_of_a_filter_of_three(form):
    draws = torch.Generator().manual_seed(1)
    x, weights = (torch.randn(n, generator=draws, dtype=torch.float64) for n in (form.t, 3))
    of_input, of_weights, of_output = (
        torch.tensor(rows, dtype=torch.float64) for rows in (form.input, form.weights, form.output)
    )

    found = of_output @ ((of_weights @ weights) * (of_input @ x))

    torch.testing.assert_close(found, x.unfold(0, 3, 1) @ weights, rtol=0, atol=1e-13)
    assert of_output[:, 1].tolist() == [1] * form.m, "where the bias goes"
