"""[crop]: the middle of the image, spread to -1..1."""

from __future__ import annotations

import pytest
import torch
from conftest import both_lineages, rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape


@both_lineages
def test_the_output_has_the_size_of_the_cut(nodes, dialect):
    [node] = nodes("[crop]\ncrop_height=2\ncrop_width=5", c=3, h=6, w=8, dialect=dialect)

    assert node.output == Shape(c=3, h=2, w=5)


@both_lineages
def test_the_cut_is_the_middle_as_twice_x_less_one(net, dialect):
    text = "[crop]\ncrop_height=2\ncrop_width=1"

    y = run(net(text, c=1, h=7, w=6, dialect=dialect), [x / 100 for x in range(42)])

    # the top is (7 - 2) // 2 = 2, the left (6 - 1) // 2 = 2: cells 2 * 6 + 2 and 3 * 6 + 2
    torch.testing.assert_close(y, torch.tensor([[[2 * 0.14 - 1], [2 * 0.20 - 1]]]))


def test_values_stay_with_noadjust(net):
    y = run(net("[crop]\ncrop_height=1\ncrop_width=2\nnoadjust=1", c=2, h=1, w=2), [1, 2, 3, 4])

    assert y.tolist() == [[[1, 2]], [[3, 4]]]


def test_one_cell_is_the_default(net):
    y = run(net("[crop]\nnoadjust=1", c=1, h=3, w=3), range(9))

    assert y.tolist() == [[[4]]]


@pytest.mark.parametrize(
    ("dialect", "row"),
    [
        ("pjreddie", "    0 Crop Layer: 6 x 8 -> 2 x 5 x 3 image"),
        ("alexeyab", "   0 Crop Layer: 6 x 8 -> 2 x 5 x 3 image"),
    ],
)
def test_the_row_has_heights_before_widths(net, dialect, row):
    network = net("[crop]\ncrop_height=2\ncrop_width=5", c=3, h=6, w=8, dialect=dialect)

    assert rows(network) == [row]


@pytest.mark.parametrize("size", ["crop_height=7", "crop_width=9"])
def test_a_cut_larger_than_the_image_is_refused(net, size):
    with pytest.raises(CfgError, match=r"net\.cfg:6: \[crop\] .* exceeds 8 x 6$"):
        net(f"[crop]\n{size}", h=6, w=8)


def test_a_cut_of_the_whole_image_is_taken(nodes):
    [node] = nodes("[crop]\ncrop_height=6\ncrop_width=8", c=3, h=6, w=8)

    assert node.output == Shape(c=3, h=6, w=8)


@pytest.mark.parametrize("size", ["crop_height=0", "crop_width=-1"])
def test_a_cut_without_size_is_refused(net, size):
    with pytest.raises(CfgError, match=r"net\.cfg:7: \[crop\] .*: expected at least 1"):
        net(f"[crop]\n{size}")


@both_lineages
def test_the_defaults_are_those_of_the_c(net, dialect):
    [crop] = net("[crop]", dialect=dialect).layers

    assert (crop.crop_height, crop.crop_width, crop.flip, crop.angle) == (1, 1, False, 0)
    assert (crop.saturation, crop.exposure, crop.shift, crop.noadjust) == (1, 1, 0, False)


def test_a_vector_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:4: \[crop\] needs an image before it"):
        net("[crop]", inputs=4)
