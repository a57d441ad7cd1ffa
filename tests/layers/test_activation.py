"""[activation]: a function of every value."""

from __future__ import annotations

import pytest
import torch
from conftest import both_lineages, rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape


@both_lineages
def test_the_map_keeps_its_size(nodes, dialect):
    [node] = nodes("[activation]", c=2, h=3, w=4, dialect=dialect)

    assert node.output == Shape(c=2, h=3, w=4)


def test_a_vector_keeps_its_length(nodes):
    [node] = nodes("[activation]", inputs=12)

    assert node.output == Shape(length=12)


@both_lineages
def test_every_value_is_activated(net, dialect):
    y = run(net("[activation]\nactivation=leaky", c=1, h=1, w=3, dialect=dialect), [-2, 0, 3])

    torch.testing.assert_close(y, torch.tensor([[[-0.2, 0, 3]]]))


def test_the_default_is_linear(net):
    assert run(net("[activation]", inputs=2), [-2, 3]).tolist() == [-2, 3]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("relu6", 6),  # min(max(8, 0), 6)
        ("swish", 8 * 0.99966465),  # 1 / (1 + e^-8) = 0.99966465
        ("mish", 8 * 0.99999978),  # tanh(ln(1 + e^8)): 1 - 2 / (1 + (1 + e^8)^2)
        ("hard_mish", 8),
    ],
)
def test_words_that_the_forks_cpu_code_forgot_are_computed(net, word, expected):
    y = run(net(f"[activation]\nactivation={word}", inputs=1, dialect="alexeyab"), [8])

    torch.testing.assert_close(y, torch.tensor([expected]).float())


@both_lineages
def test_the_row_tells_how_many_values_there_are(net, dialect):
    [row] = rows(net("[activation]", c=2, h=3, w=4, dialect=dialect))

    assert row.lstrip(" ") == "0 Activation Layer: 24 inputs"


@pytest.mark.parametrize("word", ["lekay", "mish", "Leaky", "leaky#c"])
def test_a_word_that_the_lineage_does_not_know_is_refused(net, word):
    with pytest.raises(CfgError) as error:
        net(f"[activation]\nactivation={word}")

    assert f"net.cfg:7: [activation] activation = {word}: expected one of" in str(error.value)


@pytest.mark.parametrize("word", ["lekay", "mish", "Leaky"])
def test_read_leniently_an_unknown_word_is_relu(net, word, capsys):
    network = net(f"[activation]\nactivation={word}", inputs=2, strict=False)

    assert run(network, [-2, 3]).tolist() == [0, 3]
    assert f"activation {word}, going with relu" in capsys.readouterr().err


def test_a_word_of_the_fork_is_known_to_it(net):
    y = run(net("[activation]\nactivation=mish", inputs=1, dialect="alexeyab"), [0])

    assert y.tolist() == [0]
