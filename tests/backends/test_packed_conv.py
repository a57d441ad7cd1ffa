"""A convolution in its fastest form computes what the plain one does."""

from __future__ import annotations

import pytest
import torch

import pydarknet
from pydarknet.backends.packed_conv import PackedConv
from pydarknet.network import Network

CONV = "[convolutional]\nfilters=8\nsize=3\npad=1\n"


def filled(network: Network) -> Network:
    """Give a network values that batch norm must not lose."""
    draws = torch.Generator().manual_seed(1)
    network.initialize(draws)
    for name, values in network.state_dict().items():
        noise = torch.rand(values.shape, generator=draws)
        values.copy_(noise + 0.5 if "variance" in name or "scales" in name else noise - 0.5)
    return network


def assert_same(network: Network, images: torch.Tensor) -> None:
    """Assert that both forms give the same heads, and that they are two."""
    with torch.inference_mode():
        plain, fast = network(images), network.prepared()(images)
    assert any(isinstance(module, PackedConv) for module in network.prepared().stack)
    for one, other in zip(plain, fast, strict=True):
        torch.testing.assert_close(other.activated, one.activated, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("form", ["gpu", "cpu"])
@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_either_batch_norm_is_folded_as_it_divides(tmp_path, form, dialect):
    cfg = tmp_path / "a.cfg"
    text = f"[net]\nwidth=6\nheight=6\nchannels=3\n{CONV}batch_normalize=1\nactivation=linear\n"
    cfg.write_text(text)
    network = pydarknet.load_network(cfg, dialect=dialect, batchnorm=form, device="cpu")
    filled(network)
    network.state_dict()["stack.0.norm.rolling_variance"].mul_(1e-5)  # epsilon is felt

    assert_same(network, torch.randn(1, 3, 6, 6))
