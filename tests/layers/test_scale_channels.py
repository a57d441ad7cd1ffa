"""[scale_channels]: the fork's squeeze-and-excitation."""

from __future__ import annotations

import pytest
import torch
from conftest import rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

CHANNELS = "[route]\nlayers=-1\n[avgpool]\n"  # the image, and the mean of each channel
CELLS = "[route]\nlayers=-1\n[maxpool]\nmaxpool_depth=1\n"  # and the largest of each cell


@pytest.mark.parametrize(("before", "scale_wh"), [(CHANNELS, 0), (CELLS, 1)])
def test_the_output_has_the_size_of_from(nodes, before, scale_wh):
    text = f"{before}[scale_channels]\nfrom=0\nscale_wh={scale_wh}"

    node = nodes(text, c=2, h=3, w=4, dialect="alexeyab")[2]

    assert node.output == Shape(c=2, h=3, w=4)
    assert node.sources == (1, 0)


def test_each_channel_is_multiplied_by_its_value(net):
    text = f"{CHANNELS}[scale_channels]\nfrom=0"

    y = run(net(text, c=2, h=1, w=2, dialect="alexeyab"), [1, 3, 4, 6])

    assert y.tolist() == [[[2, 6]], [[20, 30]]]  # times (1 + 3) / 2 and (4 + 6) / 2


def test_each_cell_is_multiplied_by_its_value(net):
    text = f"{CELLS}[scale_channels]\nfrom=0\nscale_wh=1"

    y = run(net(text, c=2, h=1, w=2, dialect="alexeyab"), [1, 6, 4, 3])

    assert y.tolist() == [[[4, 36]], [[16, 18]]]  # times 4 and 6


def test_the_product_is_activated(net):
    text = f"{CHANNELS}[scale_channels]\nfrom=0\nactivation=leaky"

    y = run(net(text, c=1, h=1, w=2, dialect="alexeyab"), [-1, 5])

    torch.testing.assert_close(y, torch.tensor([[[-0.2, 10]]]))  # a tenth of -1 * 2, 5 * 2


def test_the_row_has_the_layer(net):
    network = net(f"{CHANNELS}[scale_channels]\nfrom=-2", dialect="alexeyab")

    assert rows(network)[2] == "   2 scale Layer: 0"


def test_from_is_required(net):
    with pytest.raises(CfgError) as error:
        net("[dropout]\n[scale_channels]", dialect="alexeyab")

    assert str(error.value) == "net.cfg:7: [scale_channels] from is missing"


@pytest.mark.parametrize(
    ("before", "scale_wh", "problem"),
    [
        (CHANNELS, 1, "by 1 x 1 x 2: expected 4 x 3 x 1"),
        (CELLS, 0, "by 4 x 3 x 1: expected 1 x 1 x 2"),
        (
            f"{CHANNELS}[route]\nlayers=1,1\n",
            0,
            "by 1 x 1 x 4: expected 1 x 1 x 2",
        ),
    ],
)
def test_a_scale_of_another_size_is_refused(net, before, scale_wh, problem):
    text = f"{before}[scale_channels]\nfrom=0\nscale_wh={scale_wh}"

    with pytest.raises(CfgError) as error:
        net(text, c=2, h=3, w=4, dialect="alexeyab")

    assert str(error.value).endswith(f"[scale_channels] scales 4 x 3 x 2 {problem}")


def test_only_the_fork_knows_it(net):
    with pytest.raises(CfgError, match=r"net\.cfg:7: \[scale_channels\] is no section"):
        net("[dropout]\n[scale_channels]\nfrom=0")
