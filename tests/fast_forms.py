"""Networks with values, and the comparison of their plain form with their fast one."""

from __future__ import annotations

import torch

from pydarknet.backends.packed_conv import PackedConv
from pydarknet.network import Network


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
