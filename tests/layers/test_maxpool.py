"""[maxpool]: the largest of each window, or of every n-th channel."""

from __future__ import annotations

import pytest
import torch
from conftest import both_lineages, rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

IMAGE = [(7 * i) % 31 - 15 for i in range(5 * 6)]  # 5 x 6
LEAST = -3.4028234663852886e38  # -FLT_MAX


def largest(size: int, stride: tuple[int, int], padding: int, h: int, w: int) -> list[float]:
    """Return the largest cell of each of h x w windows."""
    found = []
    for y in range(h):
        for x in range(w):
            top, left = y * stride[0] - padding // 2, x * stride[1] - padding // 2
            inside = [
                IMAGE[row * 6 + column]
                for row in range(max(top, 0), min(top + size, 5))
                for column in range(max(left, 0), min(left + size, 6))
            ]
            found.append(max(inside, default=LEAST))
    return found


CASES = [
    # options, (size, strides, padding), height, width
    ("", (1, (1, 1), 0), 5, 6),
    ("stride=2", (2, (2, 2), 1), 3, 3),  # size is stride; (5 + 1 - 2) // 2 + 1
    ("size=2", (2, (1, 1), 1), 5, 6),  # one row below, one column on the right
    ("size=3\nstride=2", (3, (2, 2), 2), 3, 3),  # (5 + 2 - 3) // 2 + 1, (6 + 2 - 3) // 2 + 1
    ("size=3\nstride=2\npadding=0", (3, (2, 2), 0), 2, 2),
    ("size=2\nstride=2\npadding=0", (2, (2, 2), 0), 2, 3),
    ("size=5", (5, (1, 1), 4), 5, 6),
    ("size=4\nstride=3", (4, (3, 3), 3), 2, 2),  # (5 + 3 - 4) // 3 + 1
    ("size=13", (13, (1, 1), 12), 5, 6),
    ("size=2\nstride=2\npadding=4", (2, (2, 2), 4), 4, 5),  # windows wholly outside
    ("size=2\npadding=4", (2, (1, 1), 4), 8, 9),
    ("size=3\npadding=1", (3, (1, 1), 1), 4, 5),
]


@pytest.mark.parametrize(("options", "window", "h", "w"), CASES)
@pytest.mark.parametrize("name", ["maxpool", "max"])
@both_lineages
def test_padding_is_the_total_of_both_sides(net, name, options, window, h, w, dialect):
    network = net(f"[{name}]\n{options}", c=1, h=5, w=6, dialect=dialect)

    y = run(network, IMAGE)

    assert network.nodes[0].output == Shape(c=1, h=h, w=w)
    assert y.flatten().tolist() == largest(*window, h, w)


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("options", ["padding=0", "padding=1", "padding=2", "size=3"])
@pytest.mark.parametrize(("h", "w"), [(6, 8), (5, 8), (6, 7)])
def test_inference_takes_the_largest_as_training_does(net, options, h, w, layout):
    network = net(f"[maxpool]\nstride=2\n{options}\n", c=3, h=h, w=w)
    x = torch.randn(2, 3, h, w, generator=torch.Generator().manual_seed(1))
    x = x.to(memory_format=layout)

    [taught] = network.trace(x)
    with torch.inference_mode():
        [inferred] = network.trace(x)

    assert torch.equal(inferred, taught)


def test_each_channel_is_by_itself(net):
    y = run(net("[maxpool]\nstride=2", c=2, h=2, w=2), [1, 2, 3, 4, -8, -7, -6, -5])

    assert y.flatten().tolist() == [4, -5]


def test_the_forks_strides_may_differ(net):
    text = "[maxpool]\nsize=3\nstride=5\nstride_x=2\nstride_y=3"
    network = net(text, c=1, h=5, w=6, dialect="alexeyab")

    y = run(network, IMAGE)

    assert network.nodes[0].output == Shape(c=1, h=2, w=3)
    assert y.flatten().tolist() == largest(3, (3, 2), 2, 2, 3)


@pytest.mark.parametrize(
    ("n", "expected"),
    [(1, [5]), (2, [3, 5]), (3, [4, 5, 3]), (6, [1, 5, 3, 4, 2, LEAST])],
)
def test_depth_takes_the_largest_of_every_nth_channel(net, n, expected):
    text = f"[maxpool]\nmaxpool_depth=1\nout_channels={n}"
    network = net(text, c=5, h=1, w=1, dialect="alexeyab")

    y = run(network, [1, 5, 3, 4, 2])

    assert network.nodes[0].output == Shape(c=n, h=1, w=1)
    assert y.flatten().tolist() == expected


@pytest.mark.parametrize(
    ("antialiasing", "expected"),
    [
        # windows at stride 1 give 4 4 2 / 4 4 0 / 3 0 0, then 1 2 1 / 2 4 2 / 1 2 1 over 16
        (1, [[36 / 16, 20 / 16], [24 / 16, 4 / 16]]),
        (2, [[4]]),  # (4 + 4 + 4 + 4) / 4
    ],
)
def test_a_blur_strides_in_place_of_the_windows(net, antialiasing, expected):
    text = f"[maxpool]\nsize=2\nstride=2\nantialiasing={antialiasing}"
    network = net(text, c=1, h=3, w=3, dialect="alexeyab")

    y = run(network, [1, 0, 2, 0, 4, 0, 3, 0, 0])

    assert network.nodes[0].output == Shape(c=1, h=len(expected), w=len(expected))
    assert y.tolist() == [expected]


def test_a_map_smaller_than_the_blur_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:6: \[maxpool\] "):
        net("[maxpool]\nantialiasing=2", h=1, w=4, dialect="alexeyab")


def test_a_map_as_large_as_the_blur_is_taken(nodes):
    [node] = nodes("[maxpool]\nantialiasing=2", h=2, w=4, dialect="alexeyab")

    assert node.output == Shape(c=3, h=1, w=3)


def test_the_originals_row(net):
    [row] = rows(net("[maxpool]\nsize=3\nstride=2", c=16, h=30, w=30))

    assert row == "    0 max          3 x 3 / 2    30 x  30 x  16   ->    15 x  15 x  16"


@pytest.mark.parametrize(
    ("options", "row"),
    [
        ("stride=2", "max                2x 2/ 2     64 x  64 x  32 ->   32 x  32 x  32 0.000 BF"),
        (
            "size=99\npadding=98",  # 99 * 99 * 64 * 64 * 32 / 1e9
            "max               99x99/ 1     64 x  64 x  32 ->   64 x  64 x  32 1.285 BF",
        ),
        (
            "size=2\nstride_x=1\nstride_y=2",  # across, then down
            "max               2x 2/ 1x 2   64 x  64 x  32 ->   64 x  32 x  32 0.000 BF",
        ),
        (
            "maxpool_depth=1\nout_channels=4",
            "max-depth          1x 1/ 1     64 x  64 x  32 ->   64 x  64 x   4 0.000 BF",
        ),
    ],
)
@pytest.mark.parametrize("name", ["maxpool", "max"])
def test_the_forks_row(net, name, options, row):
    network = net(f"[{name}]\n{options}", c=32, h=64, w=64, dialect="alexeyab")

    assert rows(network) == [f"   0 {row}"]


def test_a_window_larger_than_its_padded_input_is_refused(net):
    with pytest.raises(CfgError) as error:
        net("[maxpool]\nsize=7\npadding=1", h=5, w=6)

    expected = "net.cfg:6: [maxpool] size = 7 is larger than its padded input 6 x 5"
    assert str(error.value) == expected


def test_a_window_as_large_as_its_padded_input_is_taken(nodes):
    [node] = nodes("[maxpool]\nsize=7\npadding=2", c=1, h=5, w=6)

    assert node.output == Shape(c=1, h=1, w=2)


@pytest.mark.parametrize(
    "option",
    ["stride=0", "stride_x=0", "stride_y=0", "size=0", "padding=-1", "out_channels=0"],
)
def test_a_window_without_size_is_refused(net, option):
    with pytest.raises(CfgError, match=r"net\.cfg:7: \[maxpool\] .*: expected at least [01]"):
        net(f"[maxpool]\n{option}", dialect="alexeyab")


@pytest.mark.parametrize(
    "option",
    ["stride=1", "stride_x=1", "stride_y=1", "size=1", "padding=0", "out_channels=1"],
)
def test_a_window_of_one_is_taken(nodes, option):
    [node] = nodes(f"[maxpool]\n{option}", dialect="alexeyab")

    assert node.output == Shape(c=3, h=16, w=16)


@pytest.mark.parametrize("option", ["stride_x=2", "maxpool_depth=1", "antialiasing=1"])
def test_the_original_does_not_use_the_forks_options(net, option, capsys):
    network = net(f"[maxpool]\n{option}")

    assert network.nodes[0].output == Shape(c=3, h=16, w=16)
    assert f"Unused field: '{option.replace('=', ' = ')}'" in capsys.readouterr().err


def test_a_vector_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:4: \[maxpool\] needs an image before it"):
        net("[maxpool]", inputs=12)
