"""[sam]: the fork's spatial attention, one map times another."""

from __future__ import annotations

import pytest
import torch
from conftest import rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

TWO = "[route]\nlayers=-1\n[upsample]\nstride=1\nscale=10\n"  # the image, and ten times it


def test_the_map_keeps_its_size(nodes):
    node = nodes(f"{TWO}[sam]\nfrom=0", c=2, h=3, w=4, dialect="alexeyab")[2]

    assert node.output == Shape(c=2, h=3, w=4)
    assert node.sources == (1, 0)


def test_cells_are_multiplied(net):
    y = run(net(f"{TWO}[sam]\nfrom=-2", c=2, h=1, w=2, dialect="alexeyab"), [1, 2, -3, 4])

    assert y.tolist() == [[[10, 40]], [[90, 160]]]


def test_the_product_is_activated(net):
    text = f"{TWO}[activation]\nactivation=relu\n[sam]\nfrom=0\nactivation=leaky"

    y = run(net(text, c=1, h=1, w=2, dialect="alexeyab"), [-1, 2])

    assert y.tolist() == [[[0, 40]]]  # relu(-10) * -1 is -0


def test_a_negative_product_is_activated(net):
    text = "[upsample]\nstride=1\nscale=-1\n[route]\nlayers=0\n[upsample]\nstride=1\nscale=-1\n"
    network = net(f"{text}[sam]\nfrom=0\nactivation=leaky", c=1, h=1, w=1, dialect="alexeyab")

    y = run(network, [2])

    torch.testing.assert_close(y, torch.tensor([[[-0.4]]]))  # a tenth of 2 * -2


def test_the_row_has_the_layer(net):
    assert rows(net(f"{TWO}[sam]\nfrom=-2", dialect="alexeyab"))[2] == "   2 scale Layer: 0"


def test_from_is_required(net):
    with pytest.raises(CfgError) as error:
        net("[dropout]\n[sam]", dialect="alexeyab")

    assert str(error.value) == "net.cfg:7: [sam] from is missing"


@pytest.mark.parametrize("between", ["[maxpool]\nstride=2", "[route]\nlayers=0,0", "[avgpool]"])
def test_maps_of_unlike_size_are_refused(net, between):
    with pytest.raises(CfgError, match=r"\[sam\] multiplies .* by .* x 3: expected equal sizes$"):
        net(f"[dropout]\n{between}\n[sam]\nfrom=0", dialect="alexeyab")


def test_only_the_fork_knows_it(net):
    with pytest.raises(CfgError, match=r"net\.cfg:7: \[sam\] is no section"):
        net("[dropout]\n[sam]\nfrom=0")
