"""[history]: the fork's memory of the last inputs."""

from __future__ import annotations

import pytest
import torch
from conftest import rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

HISTORY = "[history]\nhistory_size=3"


def test_the_channels_of_so_many_inputs_stand_behind_each_other(nodes):
    [node] = nodes(HISTORY, c=2, h=3, w=4, dialect="alexeyab")

    assert node.output == Shape(c=6, h=3, w=4)


def test_four_inputs_are_the_default(nodes):
    [node] = nodes("[history]", c=2, h=3, w=4, dialect="alexeyab")

    assert node.output == Shape(c=8, h=3, w=4)


def test_the_newest_stands_first_and_the_oldest_falls_out(net):
    network = net(HISTORY, c=2, h=1, w=1, dialect="alexeyab")

    steps = [run(network, x).flatten().tolist() for x in ([1, 2], [3, 4], [5, 6], [7, 8])]

    assert steps == [
        [1, 2, 0, 0, 0, 0],
        [3, 4, 1, 2, 0, 0],
        [5, 6, 3, 4, 1, 2],
        [7, 8, 5, 6, 3, 4],
    ]


def test_a_batch_holds_one_step_after_the_other(net):
    network = net(HISTORY, c=1, h=1, w=1, dialect="alexeyab")
    network.take_steps(2)

    # two sequences, 1 2 and 3 4, of two steps each
    [y] = network.trace(torch.tensor([1.0, 3.0, 2.0, 4.0]).view(4, 1, 1, 1))

    assert y.flatten(1).tolist() == [[1, 0, 0], [3, 0, 0], [2, 1, 0], [4, 3, 0]]


def test_the_row_has_steps_and_sizes(net):
    text = "[history]\nhistory_size=2"

    [row] = rows(net(text, c=8, h=8, w=8, dialect="alexeyab"))

    assert row == "   0 HISTORY b = 1, s =  2, steps =  1      8 x   8 x   8 ->    8 x   8 x  16 "


def test_a_vector_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:4: \[history\] needs an image before it"):
        net("[history]", inputs=12, dialect="alexeyab")


@pytest.mark.parametrize("size", [0, -1])
def test_no_history_is_refused(net, size):
    with pytest.raises(CfgError) as error:
        net(f"[history]\nhistory_size={size}", dialect="alexeyab")

    expected = f"net.cfg:7: [history] history_size = {size}: expected at least 1"
    assert str(error.value) == expected


def test_a_history_of_one_is_the_input(net):
    network = net("[history]\nhistory_size=1", c=1, h=1, w=2, dialect="alexeyab")

    assert [run(network, x).flatten().tolist() for x in ([1, 2], [3, 4])] == [[1, 2], [3, 4]]


def test_only_the_fork_knows_it(net):
    with pytest.raises(CfgError, match=r"net\.cfg:6: \[history\] is no section"):
        net("[history]")
