"""[avgpool]: the mean of every channel."""

from __future__ import annotations

import pytest
from conftest import both_lineages, rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape


@pytest.mark.parametrize("name", ["avgpool", "avg"])
@both_lineages
def test_each_channel_becomes_one_value(nodes, name, dialect):
    [node] = nodes(f"[{name}]", c=8, h=5, w=7, dialect=dialect)

    assert node.output == Shape(c=8, h=1, w=1)


@both_lineages
def test_the_value_is_the_mean(net, dialect):
    y = run(net("[avgpool]", c=2, h=1, w=3, dialect=dialect), [1, 2, 6, -1, 0, 4])

    assert y.tolist() == [[[3]], [[1]]]  # (1 + 2 + 6) / 3 and (-1 + 0 + 4) / 3


@pytest.mark.parametrize(
    ("dialect", "row"),
    [
        ("pjreddie", "    0 avg                        7 x   5 x   8   ->     8"),
        ("alexeyab", "   0 avg                             7 x   5 x   8 ->      8"),
    ],
)
@pytest.mark.parametrize("name", ["avgpool", "avg"])
def test_the_row_has_width_height_and_channels(net, name, dialect, row):
    assert rows(net(f"[{name}]", c=8, h=5, w=7, dialect=dialect)) == [row]


def test_a_vector_is_refused(net):
    with pytest.raises(CfgError) as error:
        net("[avgpool]", inputs=12)

    assert "net.cfg:4: [avgpool] needs an image before it: the layer before gives 12" in str(
        error.value
    )


def test_the_output_of_a_connected_layer_is_an_image(nodes):
    node = nodes("[connected]\noutput=3\n[avgpool]", inputs=12)[1]

    assert node.output == Shape(c=3, h=1, w=1)
