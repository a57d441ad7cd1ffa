"""[softmax]: probabilities of classes, flat or down a tree."""

from __future__ import annotations

from math import exp

import pytest
import torch
from conftest import both_lineages, rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

TREE = "a -1\nb -1\nc -1\nd 0\ne 0\nf 3\n"  # groups of 3, 2 and 1


def shares(*x: float) -> list[float]:
    """Return e^x of each over the sum of all."""
    return [exp(a) / sum(exp(b) for b in x) for a in x]


@pytest.mark.parametrize("name", ["softmax", "soft"])
@both_lineages
def test_the_output_is_flat(nodes, name, dialect):
    [node] = nodes(f"[{name}]", c=2, h=3, w=4, dialect=dialect)

    assert node.output == Shape(length=24)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", shares(0, 1, -1, 2, 0.5, 3)),
        ("groups=2", shares(0, 1, -1) + shares(2, 0.5, 3)),
        ("groups=3", shares(0, 1) + shares(-1, 2) + shares(0.5, 3)),
        ("temperature=2", shares(0, 0.5, -0.5, 1, 0.25, 1.5)),
        ("spatial=1", shares(0, 1, -1, 2, 0.5, 3)),
    ],
)
@both_lineages
def test_each_group_sums_to_one(net, options, expected, dialect):
    network = net(f"[softmax]\n{options}", c=3, h=1, w=2, dialect=dialect)

    y = run(network, [0, 1, -1, 2, 0.5, 3])

    torch.testing.assert_close(y, torch.tensor(expected))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", shares(0, 1, -1) + shares(2, 0.5) + [1]),
        ("temperature=2", shares(0, 0.5, -0.5) + shares(1, 0.25) + [1]),
    ],
)
def test_with_a_tree_each_group_of_siblings_sums_to_one(net, tmp_path, options, expected):
    (tmp_path / "a.tree").write_text(TREE)

    y = run(net(f"[softmax]\ntree={tmp_path}/a.tree\n{options}", inputs=6), [0, 1, -1, 2, 0.5, 3])

    torch.testing.assert_close(y, torch.tensor(expected))


def test_large_values_are_no_overflow(net):
    assert run(net("[softmax]", inputs=2), [1000, 1000]).tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("dialect", "row"),
    [
        ("pjreddie", "    0 softmax                                          24"),
        ("alexeyab", "   0 softmax                                          24"),
    ],
)
def test_the_row_has_the_number_of_inputs(net, dialect, row):
    assert rows(net("[softmax]", c=2, h=3, w=4, dialect=dialect)) == [row]


def test_the_defaults_are_those_of_the_c(net):
    [softmax] = net("[softmax]").layers

    assert (softmax.groups, softmax.temperature, softmax.tree) == (1, 1, None)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("groups=4", "groups = 4 must divide 6 inputs"),
        ("temperature=0", "temperature = 0: expected a number other than 0"),
        ("tree=gone.tree", "Couldn't open file: gone.tree"),
    ],
)
def test_what_cannot_be_computed_is_refused(net, options, problem):
    with pytest.raises(CfgError) as error:
        net(f"[softmax]\n{options}", inputs=6)

    assert str(error.value) == f"net.cfg:4: [softmax] {problem}"


def test_a_tree_must_have_as_many_classes_as_there_are_inputs(net, tmp_path):
    (tmp_path / "a.tree").write_text(TREE)

    with pytest.raises(CfgError) as error:
        net(f"[softmax]\ntree={tmp_path}/a.tree", inputs=5)

    assert str(error.value) == "net.cfg:4: [softmax] tree has 6 classes: expected 5"
