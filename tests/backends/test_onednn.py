"""oneDNN's convolutions compute what torch's do."""

from __future__ import annotations

import pytest
import torch

from pydarknet.backends import onednn
from pydarknet.backends.onednn import direct_convolution, torch_convolution
from pydarknet.modules.activations import words


def test_this_torch_has_the_operators():
    assert onednn.operators_work()


@pytest.mark.parametrize("word", words("alexeyab"))
@pytest.mark.parametrize("place", [onednn.SAME, ((0, 1), (2, 1), (1, 1), 2)], ids=["same", "other"])
def test_every_activation_and_place_is_the_same(word, place):
    draws = torch.Generator().manual_seed(1)
    x = torch.randn(2, 4, 9, 7, generator=draws).to(memory_format=torch.channels_last)
    weights = torch.randn(6, 4 // place[3], 3, 3, generator=draws)
    bias = torch.randn(6, generator=draws)

    with torch.inference_mode():
        y = direct_convolution(weights, bias, place, word, x.shape)(x)
        expected = torch_convolution(weights, bias, place, word, x.shape)(x)

    torch.testing.assert_close(y, expected, rtol=1e-4, atol=1e-4)
