"""[dropout]: nothing in inference, but a layer that is counted."""

from __future__ import annotations

import pytest
from conftest import both_lineages, rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape


@both_lineages
def test_the_map_keeps_its_size(nodes, dialect):
    [node] = nodes("[dropout]", c=2, h=3, w=4, dialect=dialect)

    assert node.output == Shape(c=2, h=3, w=4)


@both_lineages
def test_values_pass_as_they_are(net, dialect):
    network = net("[dropout]\nprobability=.9", inputs=20, dialect=dialect)

    assert run(network, range(20)).tolist() == list(range(20))


def test_training_zeroes_some_and_scales_the_others_up(net):
    network = net("[dropout]\nprobability=.75", inputs=1000).train()

    y = run(network, [1] * 1000)

    assert set(y.tolist()) == {0, 4}  # 1 / (1 - .75)


def test_it_has_an_index(nodes):
    found = nodes("[maxpool]\n[dropout]\n[route]\nlayers=-2")

    assert found[2].sources == (0,)


@pytest.mark.parametrize(("dialect", "probability"), [("pjreddie", 0.5), ("alexeyab", 0.2)])
def test_each_lineage_has_its_default(net, dialect, probability):
    [dropout] = net("[dropout]", dialect=dialect).layers

    assert dropout.probability == probability


@pytest.mark.parametrize(
    ("dialect", "row"),
    [
        ("pjreddie", "    0 dropout       p = 0.20               204800  ->  204800"),
        ("alexeyab", "   0 dropout    p = 0.200        204800  ->   204800"),
    ],
)
def test_the_row_has_the_number_of_inputs_twice(net, dialect, row):
    network = net("[dropout]\nprobability=.2", c=8, h=160, w=160, dialect=dialect)

    assert rows(network) == [row]


@pytest.mark.parametrize(
    ("size", "told"),
    [("abs=3", "abs = 3"), ("rel=.1", "rel = 0.10"), ("abs=0", "rel = 0.00")],
)
def test_dropblock_has_a_row_of_its_own(net, size, told):
    text = f"[dropout]\nprobability=.1\ndropblock=1\ndropblock_size_{size}"

    [row] = rows(net(text, c=16, h=16, w=16, dialect="alexeyab"))

    assert row == f"   0 dropblock    p = 0.100   l.dropblock_size_{told}    4096  ->   4096"


@pytest.mark.parametrize(
    ("value", "problem"), [("-.1", "expected at least 0"), ("1.5", "expected at most 1")]
)
def test_a_probability_lies_between_0_and_1(net, value, problem):
    with pytest.raises(CfgError) as error:
        net(f"[dropout]\nprobability={value}")

    assert str(error.value) == f"net.cfg:7: [dropout] probability = {value}: {problem}"


@pytest.mark.parametrize("value", ["0", ".5", "1"])
def test_a_probability_may_be_0_or_1(net, value):
    [dropout] = net(f"[dropout]\nprobability={value}").layers

    assert dropout.probability == float(value)


def test_dropblock_has_one_size(net):
    with pytest.raises(CfgError, match=r"net\.cfg:6: \[dropout\] .*: expected one of them$"):
        net("[dropout]\ndropblock_size_rel=.1\ndropblock_size_abs=3", dialect="alexeyab")
