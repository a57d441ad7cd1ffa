"""[implicit]: the fork's learned constants."""

from __future__ import annotations

import pytest
import torch
from conftest import rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape


def test_the_output_has_filters_and_atoms(nodes):
    [node] = nodes("[implicit]\nfilters=5\natoms=2", dialect="alexeyab")

    assert node.output == Shape(c=5, h=2, w=1)


def test_the_defaults_are_those_of_the_c(net):
    [implicit] = net("[implicit]", dialect="alexeyab").layers

    assert (implicit.filters, implicit.atoms) == (128, 1)
    assert (implicit.mean, implicit.std) == (0, 0.2)


def test_the_output_is_the_weights_of_the_file(loaded):
    text = "[implicit]\nfilters=2\natoms=3"

    y = run(loaded(text, [1, 2, 3, 4, 5, 6], inputs=1, dialect="alexeyab"), [9])

    assert y.tolist() == [[[1], [2], [3]], [[4], [5], [6]]]


def test_every_sample_of_a_batch_has_them(loaded):
    network = loaded("[implicit]\nfilters=2", [1, 2], inputs=1, dialect="alexeyab")

    [y] = network.trace(torch.zeros(3, 1))

    assert y.flatten(1).tolist() == [[1, 2]] * 3


def test_first_values_lie_about_the_mean(net):
    network = net("[implicit]\nfilters=500\nmean=1\nstd=.02", inputs=1, dialect="alexeyab")

    network.initialize(torch.Generator().manual_seed(1))

    weights = network.stack[0].weights
    assert 0.98 <= weights.min().item() < 0.99
    assert 1.01 < weights.max().item() <= 1.02


def test_the_row_has_filters_atoms_and_first_values(net):
    [row] = rows(net("[implicit]\nfilters=8", dialect="alexeyab"))

    assert row == "   0 implicit Layer: 8 x 1 \t mean=0.00, std=0.20 "


@pytest.mark.parametrize("option", ["filters", "atoms"])
def test_nothing_is_refused(net, option):
    with pytest.raises(CfgError) as error:
        net(f"[implicit]\n{option}=0", dialect="alexeyab")

    assert str(error.value) == f"net.cfg:7: [implicit] {option} = 0: expected at least 1"


def test_only_the_fork_knows_it(net):
    with pytest.raises(CfgError, match=r"net\.cfg:6: \[implicit\] is no section"):
        net("[implicit]")
