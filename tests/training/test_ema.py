"""The fork's moving average of convolutions' parameters."""

import pytest
import torch

from pydarknet.training.ema import MovingAverage

NET = "[convolutional]\nfilters=1\nactivation=linear\n[connected]\noutput=1"


@pytest.fixture
def network(net):
    """A network whose averages begin at iteration 1000 and end at 1001."""
    made = net(NET, c=1, h=1, w=1, dialect="alexeyab", options="ema_alpha=0.75\nmax_batches=2001")
    made.initialize(torch.Generator().manual_seed(1))
    return made


def fill(network, value: float) -> None:
    """Give one value to all parameters."""
    for parameter in network.parameters():
        parameter.data.fill_(value)


def values(network) -> list[float]:
    """Return the first of each parameter."""
    return [parameter.flatten()[0].item() for parameter in network.parameters()]


def test_before_the_middle_nothing_is_averaged(network):
    moving = MovingAverage(network)

    assert moving.update(999) == ""
    assert moving.values == {}


def test_averages_keep_alpha_of_themselves(network):
    moving = MovingAverage(network)
    moving.max_batches = 4000
    fill(network, 4.0)
    moving.update(2000)
    fill(network, 8.0)

    told = moving.update(2001)

    assert told == " ema_update(), ema_alpha = 0.750000 "
    assert [value.flatten()[0].item() for value in moving.values.values()] == [5, 5]  # 3 + 2


def test_only_convolutions_are_averaged(network):
    assert sorted(MovingAverage(network).parameters()) == ["stack.0.biases", "stack.0.weights"]


def test_a_thousand_before_the_end_they_take_the_parameters_place(network):
    moving = MovingAverage(network)
    fill(network, 4.0)
    moving.update(1000)
    fill(network, 8.0)

    assert moving.update(1001) == " ema_apply() "
    assert sorted(values(network)) == [4, 4, 8, 8]
    assert moving.update(1002) == ""


def test_for_a_while_the_averages_are_the_parameters(network):
    moving = MovingAverage(network)
    fill(network, 4.0)
    moving.update(1000)
    fill(network, 8.0)

    with moving.in_place():
        assert sorted(values(network)) == [4, 4, 8, 8]

    assert values(network) == [8, 8, 8, 8]


def test_without_an_alpha_there_is_no_average(network):
    moving = MovingAverage(network)
    moving.alpha = 0.0

    assert moving.update(1500) == ""
