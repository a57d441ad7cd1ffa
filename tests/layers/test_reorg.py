"""[reorg]: patches traded for channels in Darknet's own order."""

from __future__ import annotations

import pytest
import torch
from conftest import both_lineages, rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape
from pydarknet.training.unsupported import check_trainable


def reorganised(c: int, h: int, w: int, s: int) -> list[int]:
    """Return the places in memory that the output's cells are read from, in order.

    The input's memory is taken for V of (c // s^2, h * s, w * s); U of (c, h, w) is cut from it.
    """
    deep = c // s**2
    found = []
    for k in range(c):
        for j in range(h):
            for i in range(w):
                shift, channel = k // deep, k % deep
                row, column = j * s + shift // s, i * s + shift % s
                found.append((channel * h * s + row) * w * s + column)
    return found[: c * s * s * (h // s) * (w // s)]


def reversed_(c: int, h: int, w: int, s: int) -> list[int]:
    """Return the same for `reverse`: Y[channel, row, column] = X[k, j, i]."""
    deep = c // s**2
    found = [-1] * (c * h * w)
    for k in range(c):
        for j in range(h):
            for i in range(w):
                shift, channel = k // deep, k % deep
                row, column = j * s + shift // s, i * s + shift % s
                found[(channel * h * s + row) * w * s + column] = (k * h + j) * w + i
    return found


@pytest.mark.parametrize(
    ("c", "h", "w", "stride"),
    [
        (4, 2, 2, 2),
        (8, 4, 6, 2),
        (9, 3, 6, 3),
        (4, 5, 6, 2),  # an odd side
        (8, 5, 7, 2),
        (5, 4, 4, 2),  # no multiple of 4 channels
        (7, 4, 6, 2),
        (12, 3, 5, 2),
        (3, 2, 2, 1),
    ],
)
@both_lineages
def test_patches_are_cut_from_the_memory_of_a_wider_map(net, c, h, w, stride, dialect):
    network = net(f"[reorg]\nstride={stride}", c=c, h=h, w=w, dialect=dialect)

    y = run(network, range(c * h * w))

    assert network.nodes[0].output == Shape(c=c * stride**2, h=h // stride, w=w // stride)
    assert y.flatten().tolist() == reorganised(c, h, w, stride)


@both_lineages
def test_four_channels_of_two_by_two(net, dialect):
    y = run(net("[reorg]\nstride=2", c=4, h=2, w=2, dialect=dialect), range(16))

    # memory 0..15 is a map of 4 x 4: the cells of even row and column first
    assert y.flatten().tolist() == [0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15]


@pytest.mark.parametrize(("c", "h", "w", "stride"), [(4, 1, 2, 2), (8, 3, 2, 2), (18, 2, 2, 3)])
@both_lineages
def test_reverse_trades_channels_for_patches(net, c, h, w, stride, dialect):
    network = net(f"[reorg]\nstride={stride}\nreverse=1", c=c, h=h, w=w, dialect=dialect)

    y = run(network, range(c * h * w))

    assert network.nodes[0].output == Shape(c=c // stride**2, h=h * stride, w=w * stride)
    assert y.flatten().tolist() == reversed_(c, h, w, stride)


def test_flatten_swaps_cells_and_channels(net):
    network = net("[reorg]\nstride=2\nflatten=1", c=2, h=2, w=2)

    y = run(network, range(8))

    assert network.nodes[0].output == Shape(c=8, h=1, w=1)
    assert y.flatten().tolist() == [0, 4, 1, 5, 2, 6, 3, 7]  # (2, 4) to (4, 2)


def test_flatten_swaps_them_back_with_reverse(net):
    network = net("[reorg]\nstride=2\nflatten=1\nreverse=1", c=4, h=1, w=2)

    y = run(network, range(8))

    assert network.nodes[0].output == Shape(c=1, h=2, w=4)
    assert y.flatten().tolist() == [0, 4, 1, 5, 2, 6, 3, 7]  # taken for (2, 4), to (4, 2)


def test_extra_appends_zeros(net):
    network = net("[reorg]\nextra=2", c=1, h=1, w=3)

    y = run(network, [7, 8, 9])

    assert network.nodes[0].output == Shape(length=5)
    assert y.tolist() == [7, 8, 9, 0, 0]


@pytest.mark.parametrize(
    ("options", "row"),
    [
        ("stride=2", "reorg              / 2    32 x  32 x   8   ->    16 x  16 x  32"),
        ("stride=2\nreverse=1", "reorg              / 2    32 x  32 x   8   ->    64 x  64 x   2"),
        ("extra=1", "reorg              8192   ->  8193"),
    ],
)
def test_the_originals_row(net, options, row):
    assert rows(net(f"[reorg]\n{options}", c=8, h=32, w=32)) == [f"    0 {row}"]


def test_the_fork_calls_it_old(net):
    network = net("[reorg]\nstride=2", c=8, h=32, w=32, dialect="alexeyab")

    expected = "   0 reorg_old              / 2    32 x  32 x   8   ->    16 x  16 x  32"
    assert rows(network) == [expected]
    assert network.layers[0].stdout_text() == "\n reorg_old \n"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("stride=0", "stride = 0: expected at least 1"),
        ("extra=-1", "extra = -1: expected at least 0"),
        ("stride=3", "stride = 3 needs 9 channels, it gets 6"),
        ("stride=2\nreverse=1", "reverse needs a multiple of 4 channels, it gets 6"),
        ("stride=2\nflatten=1", "stride = 2 does not fit into 5 x 4"),
    ],
)
def test_what_does_not_fit_is_refused(net, options, problem):
    with pytest.raises(CfgError) as error:
        net(f"[reorg]\n{options}", c=6, h=4, w=5)

    where, _, said = str(error.value).partition(": [reorg] ")
    assert where in ("net.cfg:6", "net.cfg:7")
    assert said == problem


def test_a_map_smaller_than_a_patch_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:6: \[reorg\] stride = 2 does not fit into 5 x 1"):
        net("[reorg]\nstride=2", c=4, h=1, w=5)


@pytest.mark.parametrize("option", ["flatten=1", "extra=3"])
def test_the_fork_does_not_use_the_originals_options(net, option, capsys):
    network = net(f"[reorg]\nstride=2\n{option}", c=4, h=2, w=2, dialect="alexeyab")

    assert network.nodes[0].output == Shape(c=16, h=1, w=1)
    assert "Unused field" in capsys.readouterr().err


def test_a_stride_of_one_is_the_default(net):
    y = run(net("[reorg]", c=2, h=1, w=2), range(4))

    assert y.flatten().tolist() == [0, 1, 2, 3]


def test_a_vector_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:4: \[reorg\] needs an image before it"):
        net("[reorg]", inputs=4)


def test_flatten_swaps_whatever_the_stride(net):
    network = net("[reorg]\nstride=3\nflatten=1", c=2, h=3, w=3)

    y = run(network, range(18))

    assert network.nodes[0].output == Shape(c=18, h=1, w=1)
    assert y.flatten().tolist() == [x for i in range(9) for x in (i, 9 + i)]


def test_flatten_swaps_them_back_whatever_the_stride(net):
    network = net("[reorg]\nstride=3\nflatten=1\nreverse=1", c=18, h=1, w=1)

    y = run(network, range(18))

    assert network.nodes[0].output == Shape(c=2, h=3, w=3)
    assert y.flatten().tolist() == list(range(18))  # taken for (1, 18), to (18, 1)


@both_lineages
def test_a_delta_goes_back_where_its_value_came_from(net, dialect):
    head = "[connected]\noutput=5\n[softmax]"
    network = net(f"[reorg]\nstride=2\nreverse=1\n{head}", c=4, h=2, w=3, dialect=dialect)
    module, x = network.stack[0].train(), torch.arange(24.0).view(1, 4, 2, 3).requires_grad_()

    y = module(x)
    y.backward(y.detach())

    assert check_trainable(network) is None
    assert x.grad.flatten().tolist() == list(range(24))
