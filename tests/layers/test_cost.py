"""[cost]: a loss that is no output."""

from __future__ import annotations

import pytest
import torch
from conftest import both_lineages, rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape


@both_lineages
def test_the_output_is_flat(nodes, dialect):
    [node] = nodes("[cost]", c=2, h=3, w=4, dialect=dialect)

    assert node.output == Shape(length=24)


@both_lineages
def test_the_output_is_zero(net, dialect):
    assert torch.equal(run(net("[cost]", inputs=3, dialect=dialect), [1, 2, 3]), torch.zeros(3))


def test_the_networks_output_is_that_of_the_layer_before(net):
    network = net("[activation]\nactivation=relu\n[cost]", inputs=2)

    [head] = network(torch.tensor([[-1.0, 2.0]]))

    assert network.result == 0
    assert head.activated.tolist() == [[0, 2]]


@pytest.mark.parametrize(
    ("dialect", "row"),
    [
        ("pjreddie", "    0 cost                                             24"),
        ("alexeyab", "   0 cost                                             24"),
    ],
)
def test_the_row_has_the_number_of_inputs(net, dialect, row):
    assert rows(net("[cost]", c=2, h=3, w=4, dialect=dialect)) == [row]


@both_lineages
def test_the_defaults_are_those_of_the_c(net, dialect):
    [cost] = net("[cost]", dialect=dialect).layers

    assert (cost.type, cost.scale, cost.ratio) == ("sse", 1, 0)


@pytest.mark.parametrize(
    ("options", "expected"), [("", (1, 0)), ("noobj=.5\nthresh=.25", (0.5, 0.25))]
)
def test_noobj_and_thresh_are_the_originals(net, options, expected):
    [cost] = net(f"[cost]\n{options}").layers

    assert (cost.noobj, cost.thresh) == expected


@pytest.mark.parametrize("option", ["noobj=.5", "thresh=.25"])
def test_the_fork_does_not_use_them(net, option, capsys):
    net(f"[cost]\n{option}", dialect="alexeyab")

    assert "Unused field" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("dialect", "word"),
    [("pjreddie", "l1"), ("pjreddie", "sse#x"), ("alexeyab", "L1"), ("alexeyab", "wgan")],
)
def test_an_unknown_type_is_refused(net, dialect, word):
    with pytest.raises(CfgError) as error:
        net(f"[cost]\ntype={word}", dialect=dialect)

    expected = f"net.cfg:7: [cost] type = {word}: expected one of sse, masked, smooth"
    assert str(error.value).startswith(expected)


@pytest.mark.parametrize(
    ("dialect", "word"),
    [
        *(("pjreddie", word) for word in ("sse", "masked", "smooth", "seg", "L1", "wgan")),
        *(("alexeyab", word) for word in ("sse", "masked", "smooth")),
    ],
)
def test_each_lineage_has_its_types(net, dialect, word):
    [cost] = net(f"[cost]\ntype={word}", dialect=dialect).layers

    assert cost.type == word


@both_lineages
def test_read_leniently_an_unknown_type_is_sse(net, dialect):
    [cost] = net("[cost]\ntype=l1", strict=False, dialect=dialect).layers

    assert cost.type == "sse"
