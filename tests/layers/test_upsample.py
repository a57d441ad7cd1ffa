"""[upsample]: every cell repeated, or blocks of cells summed."""

from __future__ import annotations

import pytest
import torch
from conftest import both_lineages, rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ("", Shape(c=2, h=8, w=12)),  # stride is 2
        ("stride=1", Shape(c=2, h=4, w=6)),
        ("stride=3", Shape(c=2, h=12, w=18)),
        ("stride=-2", Shape(c=2, h=2, w=3)),
        ("stride=-1", Shape(c=2, h=4, w=6)),
    ],
)
@both_lineages
def test_the_map_grows_by_the_stride_or_shrinks_by_a_negative_one(nodes, options, shape, dialect):
    [node] = nodes(f"[upsample]\n{options}", c=2, h=4, w=6, dialect=dialect)

    assert node.output == shape


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("stride=2", [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]),
        ("stride=2\nscale=.5", [[0.5, 0.5, 1, 1]] * 2 + [[1.5, 1.5, 2, 2]] * 2),
        ("stride=1\nscale=3", [[3, 6], [9, 12]]),
        ("stride=-2", [[10]]),  # the sum, no mean: 1 + 2 + 3 + 4
        ("stride=-2\nscale=.5", [[5]]),
    ],
)
@both_lineages
def test_cells_are_repeated_or_summed_and_scaled(net, options, expected, dialect):
    y = run(net(f"[upsample]\n{options}", c=1, h=2, w=2, dialect=dialect), [1, 2, 3, 4])

    assert y.tolist() == [expected]


@pytest.mark.parametrize(
    ("dialect", "stride", "row"),
    [
        (
            "pjreddie",
            2,
            "    0 upsample            2x    16 x  16 x   3   ->    32 x  32 x   3",
        ),
        (
            "pjreddie",
            -2,
            "    0 downsample          2x    16 x  16 x   3   ->     8 x   8 x   3",
        ),
        ("alexeyab", 2, "   0 upsample                 2x    16 x  16 x   3 ->   32 x  32 x   3"),
        ("alexeyab", -2, "   0 downsample               2x    16 x  16 x   3 ->    8 x   8 x   3"),
    ],
)
def test_the_row_has_the_stride_and_both_sizes(net, dialect, stride, row):
    assert rows(net(f"[upsample]\nstride={stride}", dialect=dialect)) == [row]


def test_a_stride_of_zero_is_refused(net):
    with pytest.raises(CfgError) as error:
        net("[upsample]\nstride=0")

    assert str(error.value) == (
        "net.cfg:6: [upsample] stride = 0: expected a factor, negative to make the map smaller"
    )


def test_larger_blocks_are_summed(net):
    y = run(net("[upsample]\nstride=-3", c=1, h=3, w=3), range(9))

    torch.testing.assert_close(y, torch.tensor([[[36.0]]]))


@pytest.mark.parametrize(("h", "w"), [(4, 5), (5, 4)])
def test_blocks_that_do_not_fit_are_refused(net, h, w):
    with pytest.raises(CfgError) as error:
        net("[upsample]\nstride=-2", h=h, w=w)

    assert str(error.value) == f"net.cfg:6: [upsample] stride = -2 must divide {w} x {h}"


def test_a_vector_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:4: \[upsample\] needs an image before it"):
        net("[upsample]", inputs=4)
