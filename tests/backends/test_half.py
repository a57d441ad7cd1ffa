"""What stays float32 in a network of half precision."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pydarknet.backends.half import InFloat32, moves_values, precise_activation
from pydarknet.modules.activations import activation, words

CONV = "[convolutional]\nfilters=4\nactivation=linear\n"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_module_in_float32_takes_and_returns_it(dtype):
    y = InFloat32(nn.Linear(2, 3))(torch.ones(1, 2, dtype=dtype))

    assert y.dtype == torch.float32


def test_what_only_moves_compares_or_adds_values_takes_half_precision(net):
    text = f"{CONV}[maxpool]\nsize=2\nstride=2\n[upsample]\n[route]\nlayers=-1,0\n[avgpool]\n"
    network = net(text, c=3, h=4, w=4)

    moving = [
        node.layer.section.name
        for node, module in zip(network.nodes, network.stack, strict=True)
        if moves_values(node, module)
    ]

    assert moving == ["maxpool", "upsample", "route"]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("word", words("alexeyab"))
def test_an_activation_of_half_precision_keeps_it_and_its_digits(word, dtype):
    x = (torch.randn(1, 3000, 1, 1, generator=torch.Generator().manual_seed(1)) * 3).to(dtype)

    y = precise_activation(word)(x.clone())

    assert y.dtype == dtype
    torch.testing.assert_close(y.float(), activation(word)(x.float()), atol=1e-2, rtol=1e-2)
