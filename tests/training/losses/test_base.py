"""Which layers have a loss, and what is said of those that have none."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from loss_cases import head_loss, head_of, inputs_of

from pydarknet.errors import CfgError
from pydarknet.layers import Shape
from pydarknet.training import DeltaLoss, ScalarLoss, delta_loss, owns_cost, scalar_loss
from pydarknet.training.losses import Family, base, by_autograd

YOLO = "[yolo]\nclasses=2\nnum=1\nanchors=16,16\n"
OTHERS = "[convolutional]\nfilters=7\n[maxpool]\n[dropout]\n[avgpool]\n[connected]\n"


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        (YOLO, "pjreddie"),
        (YOLO, "alexeyab"),
        ("[region]\nclasses=2", "pjreddie"),
        ("[region]\nclasses=2", "alexeyab"),
        ("[detection]\nside=1\nclasses=2\ncoords=4", "alexeyab"),
        ("[softmax]", "pjreddie"),
        ("[logistic]", "pjreddie"),
        ("[cost]", "alexeyab"),
        ("[iseg]\nclasses=3\nids=4", "pjreddie"),
    ],
)
def test_heads_classifiers_and_costs_own_a_cost(net, text, dialect):
    [layer] = net(text, c=7, h=1, w=1, dialect=dialect).layers

    assert owns_cost(layer)


def test_other_layers_own_none(net):
    layers = net(OTHERS).layers

    assert not any(owns_cost(layer) or by_autograd(layer) for layer in layers)


# How a loss is registered: layers are any classes here


@pytest.fixture
def families(monkeypatch):
    """Return the families of layers, none at first."""
    monkeypatch.setattr(base, "LOSSES", kept := {})
    return kept


def test_families_with_a_condition_come_before_those_without(families):
    made = [Family(list, DeltaLoss, when) for when in (None, bool, None, all)]

    for family in made:
        base.add_family([int, str], family)

    first, second, third, fourth = made
    assert families[int] == families[str] == [fourth, second, first, third]


def test_a_delta_loss_has_its_layers_and_condition_and_no_autograd(families):
    @delta_loss(int, str, when=bool)
    def losses(heads, inputs):
        return [heads, inputs, torch.is_grad_enabled()]

    [family] = families[int]
    assert families[str] == [family]
    assert (family.form, family.when) == (DeltaLoss, bool)
    assert family.losses("heads", "inputs") == ["heads", "inputs", False]


def test_a_scalar_loss_has_its_layers_and_condition_and_heads_that_learn_with_a_graph(families):
    @scalar_loss(int, str, when=bool)
    def losses(heads, inputs):
        return [heads, inputs, torch.is_grad_enabled()]

    learning, running = (
        SimpleNamespace(
            node=SimpleNamespace(layer=SimpleNamespace(onlyforward=only)), map=lambda change: change
        )
        for only in (False, True)
    )

    [family] = families[int]
    assert families[str] == [family]
    assert (family.form, family.when) == (ScalarLoss, bool)
    found = family.losses([learning, running], "inputs")
    assert found == [[learning, torch.Tensor.detach], "inputs", True]


def refusal(network, numbers):
    """Return what is said of a network whose last layer cannot be trained."""
    head = head_of(network, numbers)
    with pytest.raises(CfgError) as error:
        head_loss(head, inputs_of(torch.zeros(1, 1, 5), Shape(c=3, h=1, w=1)))
    return str(error.value)


def test_a_layer_without_a_cost_has_no_loss(net):
    network = net("[avgpool]", c=2, h=1, w=1)

    assert refusal(network, [0, 0]) == "net.cfg:6: [avgpool] has no loss here: cannot be trained"
