"""[reorg3d]: the fork's plain space-to-depth."""

from __future__ import annotations

import pytest
import torch
from conftest import rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape
from pydarknet.training.unsupported import check_trainable


def deepened(c: int, h: int, w: int, s: int) -> list[int]:
    """Return the places in memory that Y[k, j, i] is read from: offset before channel."""
    return [
        (k % c * h + j * s + k // c // s) * w + i * s + k // c % s
        for k in range(c * s * s)
        for j in range(h // s)
        for i in range(w // s)
    ]


def reversed_(c: int, h: int, w: int, s: int) -> list[int]:
    """Return the same for `reverse`: of the memory taken for (c / s^2, h * s, w * s).

    On that works the rule of [reorg] with reverse: Y[channel, row, column] = X[k, j, i].
    """
    c, h, w = c // s**2, h * s, w * s
    deep = c // s**2
    found = [-1] * (c * h * w)
    for k in range(c):
        for j in range(h):
            for i in range(w):
                row, column = j * s + k // deep // s, i * s + k // deep % s
                found[(k % deep * h * s + row) * w * s + column] = (k * h + j) * w + i
    return found


@pytest.mark.parametrize(
    ("c", "h", "w", "stride"), [(1, 2, 2, 2), (3, 4, 6, 2), (2, 3, 6, 3), (2, 1, 2, 1)]
)
def test_the_cells_of_a_patch_become_channels(net, c, h, w, stride):
    network = net(f"[reorg3d]\nstride={stride}", c=c, h=h, w=w, dialect="alexeyab")

    y = run(network, range(c * h * w))

    assert network.nodes[0].output == Shape(c=c * stride**2, h=h // stride, w=w // stride)
    assert y.flatten().tolist() == deepened(c, h, w, stride)


def test_two_channels_of_two_by_two(net):
    y = run(net("[reorg3d]\nstride=2", c=2, h=2, w=2, dialect="alexeyab"), range(8))

    assert y.flatten().tolist() == [0, 4, 1, 5, 2, 6, 3, 7]  # the upper left of both, then right


@pytest.mark.parametrize(("c", "h", "w", "stride"), [(16, 1, 1, 2), (32, 3, 2, 2), (81, 1, 2, 3)])
def test_reverse_reads_the_memory_as_the_larger_map(net, c, h, w, stride):
    text = f"[reorg3d]\nstride={stride}\nreverse=1"
    network = net(text, c=c, h=h, w=w, dialect="alexeyab")

    y = run(network, range(c * h * w))

    assert network.nodes[0].output == Shape(c=c // stride**2, h=h * stride, w=w * stride)
    assert y.flatten().tolist() == reversed_(c, h, w, stride)


def test_the_row_has_both_sizes(net):
    [row] = rows(net("[reorg3d]\nstride=2", c=256, h=32, w=32, dialect="alexeyab"))

    assert row == "   0 reorg                    / 2   32 x  32 x 256 ->   16 x  16 x1024"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("stride=2", "stride = 2 must divide 4 x 3"),
        ("stride=3", "stride = 3 must divide 4 x 3"),
        ("stride=2\nreverse=1", "reverse needs a multiple of 16 channels, it gets 8"),
    ],
)
def test_what_does_not_fit_is_refused(net, options, problem):
    with pytest.raises(CfgError) as error:
        net(f"[reorg3d]\n{options}", c=8, h=3, w=4, dialect="alexeyab")

    assert str(error.value) == f"net.cfg:6: [reorg3d] {problem}"


def test_only_the_fork_knows_it(net):
    with pytest.raises(CfgError, match=r"net\.cfg:6: \[reorg3d\] is no section"):
        net("[reorg3d]")


def test_a_delta_goes_back_where_its_value_came_from(net):
    head = "[connected]\noutput=5\n[softmax]"
    dialect = "alexeyab"
    network = net(f"[reorg3d]\nstride=2\nreverse=1\n{head}", c=16, h=2, w=3, dialect=dialect)
    module, x = network.stack[0].train(), torch.arange(96.0).view(1, 16, 2, 3).requires_grad_()

    y = module(x)
    y.backward(y.detach())

    assert check_trainable(network) is None
    assert x.grad.flatten().tolist() == list(range(96))
