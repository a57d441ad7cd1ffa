"""A network's key tells apart what may take another time."""

from __future__ import annotations

import torch

from pydarknet.backends.network_key import network_key

CONV = "[convolutional]\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"
IMAGES = torch.rand(1, 3, 8, 8)


def test_it_tells_apart_structure_size_threads_and_what_is_added(net):
    network = net(CONV)
    before = torch.get_num_threads()
    keys = [
        network_key(network, IMAGES),
        network_key(net(CONV.replace("=4", "=5")), IMAGES),
        network_key(network, IMAGES.repeat(2, 1, 1, 1)),
        network_key(network, IMAGES, ["more"]),
    ]
    torch.set_num_threads(before + 1)
    try:
        keys.append(network_key(network, IMAGES))
    finally:
        torch.set_num_threads(before)

    assert len(set(keys)) == len(keys)
    assert network_key(net(CONV), torch.zeros(1, 3, 8, 8)) == keys[0]
