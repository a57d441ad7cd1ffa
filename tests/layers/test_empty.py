"""[empty] and [silence]: the fork's layers that do nothing."""

from __future__ import annotations

import pytest
from conftest import rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

names = pytest.mark.parametrize("name", ["empty", "silence"])


@names
def test_values_pass_as_they_are(net, name):
    network = net(f"[{name}]", c=1, h=2, w=2, dialect="alexeyab")

    assert network.nodes[0].output == Shape(c=1, h=2, w=2)
    assert run(network, [1, -2, 3, -4]).tolist() == [[[1, -2], [3, -4]]]


@names
def test_it_has_an_index(nodes, name):
    found = nodes(f"[maxpool]\n[{name}]\n[route]\nlayers=-2", dialect="alexeyab")

    assert found[2].sources == (0,)


@names
def test_the_row_says_empty(net, name):
    assert rows(net(f"[{name}]", dialect="alexeyab")) == ["   0 empty "]


@names
def test_only_the_fork_knows_it(net, name):
    with pytest.raises(CfgError, match=rf"net\.cfg:6: \[{name}\] is no section"):
        net(f"[{name}]")
