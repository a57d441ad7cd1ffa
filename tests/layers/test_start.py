import math

import pytest
import torch
from conftest import both_lineages

from pydarknet.cfg.parser import sections_of
from pydarknet.errors import CfgError
from pydarknet.graph.choose_dialect import choose_dialect

SECTIONS = pytest.mark.parametrize(
    "section", ["[convolutional]\nfilters=200\nsize=3\n", "[connected]\noutput=200\n"]
)


def first_values(net, text, **options):
    """Return the first weights and biases of a layer."""
    network = net(text, **options)
    network.initialize(torch.Generator().manual_seed(1))
    return network.stack[0].weights.detach(), network.stack[0].biases.detach()


@SECTIONS
@both_lineages
def test_weights_start_normal_with_a_deviation(net, section, dialect):
    weights, biases = first_values(net, f"{section}std=.01\n", dialect=dialect)

    assert weights.std().item() == pytest.approx(0.01, rel=0.05)
    assert weights.abs().max() > 0.02  # noise that is uniform ends at .0173
    assert biases.count_nonzero() == 0


@SECTIONS
@both_lineages
def test_biases_start_at_a_prior(net, section, dialect):
    usual, zeros = first_values(net, section, dialect=dialect)

    weights, biases = first_values(net, f"{section}prior=.01\n", dialect=dialect)

    assert torch.equal(weights, usual)
    assert zeros.count_nonzero() == 0
    torch.testing.assert_close(biases, torch.full((200,), math.log(0.01 / 0.99)))


@pytest.mark.parametrize("option", ["prior=0", "prior=1", "std=-1"])
def test_numbers_without_a_meaning_are_errors(net, option):
    with pytest.raises(CfgError, match=r"net\.cfg:8: \[connected\] "):
        net(f"[connected]\noutput=2\n{option}\n")


def test_they_decide_no_dialect():
    sections = sections_of("[net]\ninputs=2\nuse_rolling=1\n[connected]\nstd=.1\nprior=.1\n", "a")

    assert choose_dialect(sections).dialect.name == "pjreddie"
