"""Which layers have a loss, and what is said of those that have none."""

from __future__ import annotations

import pytest
import torch
from loss_cases import head_loss, head_of, inputs_of

from pydarknet.errors import CfgError
from pydarknet.layers import Shape
from pydarknet.training import owns_cost

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
    assert not any(owns_cost(layer) for layer in net(OTHERS).layers)


def refusal(network, numbers):
    """Return what is said of a network whose last layer cannot be trained."""
    head = head_of(network, numbers)
    with pytest.raises(CfgError) as error:
        head_loss(head, inputs_of(torch.zeros(1, 1, 5), Shape(c=3, h=1, w=1)))
    return str(error.value)


def test_a_layer_without_a_cost_has_no_loss(net):
    network = net("[avgpool]", c=2, h=1, w=1)

    assert refusal(network, [0, 0]) == "net.cfg:6: [avgpool] has no loss here: cannot be trained"
