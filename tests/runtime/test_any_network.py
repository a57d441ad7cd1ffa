from __future__ import annotations

import numpy as np

from pydarknet.runtime.any_network import AnyNetwork

SOFTMAX = "[connected]\noutput=4\nactivation=linear\n\n[softmax]\n"


def test_torchs_network_is_one(net):
    network: AnyNetwork = net(SOFTMAX, h=2, w=3)  # mypy checks the methods
    network.initialize()

    scores = network.class_scores([np.zeros((2, 3, 3), np.uint8)])

    assert scores.shape == (1, 4)
    assert network.sides == (3, 2)
    assert network.tree is None
    assert all(crew.workers > 0 for crew in network.crews(1))
    assert network.traits is network.traits  # it is made once for a size
