"""[local_avgpool]: the fork's mean over windows."""

from __future__ import annotations

import pytest
import torch
from conftest import rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

IMAGE = [(7 * i) % 11 - 5 for i in range(5 * 6)]  # 5 x 6


def means(size: int, stride: tuple[int, int], padding: int, h: int, w: int) -> list[float]:
    """Return the mean of each of h x w windows over the cells inside."""
    found = []
    for y in range(h):
        for x in range(w):
            top, left = y * stride[0] - padding // 2, x * stride[1] - padding // 2
            inside = [
                IMAGE[row * 6 + column]
                for row in range(max(top, 0), min(top + size, 5))
                for column in range(max(left, 0), min(left + size, 6))
            ]
            found.append(sum(inside) / len(inside))
    return found


@pytest.mark.parametrize(
    ("options", "window", "h", "w"),
    [
        ("stride=2", (2, (2, 2), 1), 3, 3),  # (5 + 1 - 2) // 2 + 1: size is stride
        ("size=2", (2, (1, 1), 1), 5, 6),
        ("size=3", (3, (1, 1), 2), 5, 6),
        ("size=3\nstride=2\npadding=0", (3, (2, 2), 0), 2, 2),
        ("size=3\nstride_x=2\nstride_y=3", (3, (3, 2), 2), 2, 3),
        ("", (1, (1, 1), 0), 5, 6),
    ],
)
@pytest.mark.parametrize("name", ["local_avgpool", "local_avg"])
def test_cells_outside_do_not_count(net, name, options, window, h, w):
    network = net(f"[{name}]\n{options}", c=1, h=5, w=6, dialect="alexeyab")

    y = run(network, IMAGE)

    assert network.nodes[0].output == Shape(c=1, h=h, w=w)
    torch.testing.assert_close(y.flatten(), torch.tensor(means(*window, h, w)))


def test_each_channel_is_by_itself(net):
    network = net("[local_avgpool]\nstride=2", c=2, h=2, w=2, dialect="alexeyab")

    assert run(network, [1, 2, 3, 6, 0, 0, 4, 4]).flatten().tolist() == [3, 2]


@pytest.mark.parametrize(
    ("options", "row"),
    [
        ("stride=2", "avg                2x 2/ 2     64 x  64 x  32 ->   32 x  32 x  32 0.000 BF"),
        (
            "size=99\npadding=98",  # 99 * 99 * 64 * 64 * 32 / 1e9
            "avg               99x99/ 1     64 x  64 x  32 ->   64 x  64 x  32 1.285 BF",
        ),
    ],
)
def test_the_row_has_the_window(net, options, row):
    network = net(f"[local_avgpool]\n{options}", c=32, h=64, w=64, dialect="alexeyab")

    assert rows(network) == [f"   0 {row}"]


@pytest.mark.parametrize("option", ["stride=0", "stride_x=0", "stride_y=0", "size=0", "padding=-1"])
def test_a_window_without_size_is_refused(net, option):
    with pytest.raises(CfgError, match=r"net\.cfg:7: \[local_avgpool\] .*: expected at least [01]"):
        net(f"[local_avgpool]\n{option}", dialect="alexeyab")


@pytest.mark.parametrize("option", ["stride=1", "stride_x=1", "stride_y=1", "size=1", "padding=0"])
def test_a_window_of_one_is_taken(nodes, option):
    [node] = nodes(f"[local_avgpool]\n{option}", dialect="alexeyab")

    assert node.output == Shape(c=3, h=16, w=16)


def test_a_vector_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:4: \[local_avgpool\] needs an image before it"):
        net("[local_avgpool]", inputs=4, dialect="alexeyab")


def test_a_window_larger_than_its_padded_input_is_refused(net):
    with pytest.raises(CfgError) as error:
        net("[local_avgpool]\nsize=7\npadding=1", h=5, w=6, dialect="alexeyab")

    expected = "net.cfg:6: [local_avgpool] size = 7 is larger than its padded input 6 x 5"
    assert str(error.value) == expected


def test_a_window_as_large_as_its_padded_input_is_taken(nodes):
    text = "[local_avgpool]\nsize=7\npadding=2"

    [node] = nodes(text, c=1, h=5, w=6, dialect="alexeyab")

    assert node.output == Shape(c=1, h=1, w=2)


@pytest.mark.parametrize("option", ["maxpool_depth=1", "antialiasing=1"])
def test_what_only_maxpool_does_is_refused(net, option):
    with pytest.raises(CfgError, match=r"net\.cfg:6: \[local_avgpool\] .* in \[maxpool\] only$"):
        net(f"[local_avgpool]\n{option}", dialect="alexeyab")


def test_only_the_fork_knows_it(net):
    with pytest.raises(CfgError, match=r"net\.cfg:6: \[local_avgpool\] is no section"):
        net("[local_avgpool]")
