"""What the tests of exports share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from pydarknet.boxes.settings import Limits
from pydarknet.network import Network

LIMITS = Limits(thresh=0.25, nms=0.45)
DETECTOR = (
    "[convolutional]\nfilters=14\nsize=3\npad=1\nstride=8\nactivation=linear\n"
    "[yolo]\nmask=0,1\nanchors=5,7, 9,6\nnum=2\nclasses=2\n"
)


@pytest.fixture
def detector(net: Callable[..., Network]) -> Network:
    """Return a network of one convolution and one head, 16 x 16, with seeded weights."""
    network = net(DETECTOR)
    network.initialize(torch.Generator().manual_seed(1))
    return network
