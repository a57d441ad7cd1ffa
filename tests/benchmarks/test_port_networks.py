"""The random weights that a port's network is given, on a network of a few layers."""

from __future__ import annotations

import pytest
import torch
from conftest import BENCHMARKS
from torch import nn

CLASSES = 2


class ImplicitM(nn.Module):
    """A factor per channel, as WongKinYiu/yolov7 has after its heads."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.implicit = nn.Parameter(torch.full((1, channels, 1, 1), 0.5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.implicit * x


@pytest.fixture
def port_networks(monkeypatch: pytest.MonkeyPatch):
    """Return the script as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import port_networks

    return port_networks


@pytest.fixture(params=[False, True])
def network(request):
    """A batch norm and a head of three anchors, with and without learned factors."""
    torch.manual_seed(1)
    channels = 3 * (5 + CLASSES)
    layers = [nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.Conv2d(8, channels, 1)]
    return nn.Sequential(*layers, *[ImplicitM(channels)] * request.param)


def test_so_many_scores_exceed_the_threshold(port_networks, network):
    images = torch.rand(2, 3, 12, 12)
    port_networks.randomize(network, images)

    port_networks.limit_boxes(network, images[:1], CLASSES)

    [outputs] = port_networks.head_inputs(network, images[:1])
    values = outputs.reshape(3, 5 + CLASSES, 100).sigmoid()
    scores = values[:, 4] * values[:, 5:].amax(1)
    assert (scores > port_networks.THRESH).sum() == port_networks.BOXES


def test_batch_norms_have_the_statistics_of_the_images(port_networks, network):
    images = torch.rand(2, 3, 12, 12)

    port_networks.randomize(network, images)

    before = network[0](images)
    torch.testing.assert_close(network[1].running_mean, before.mean((0, 2, 3)))
    assert not network[1].training
