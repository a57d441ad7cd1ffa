"""Layers that cannot be trained say so."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from loss_cases import head_loss, head_of, inputs_of

from pydarknet.errors import CfgError
from pydarknet.layers import Shape
from pydarknet.training import owns_cost

YOLO = "[yolo]\nclasses=2\nnum=1\nanchors=16,16\n"


def refusal(network, numbers):
    """Return what is said of a network whose last layer cannot be trained."""
    head = head_of(network, numbers)
    with pytest.raises(CfgError) as error:
        head_loss(head, inputs_of(torch.zeros(1, 1, 5), Shape(c=3, h=1, w=1)))
    return str(error.value)


def test_instance_segmentation_cannot_be_trained(net):
    network = net("[iseg]\nclasses=1\nids=1", c=2, h=1, w=1)

    assert "net.cfg:6: [iseg] cannot be trained: expected" in refusal(network, [0, 0])


def test_embeddings_cannot_be_trained(net):
    text = "[convolutional]\nfilters=7\n[yolo]\nclasses=2\nnum=1\n[route]\nlayers=0\n"
    network = net(f"{text}[contrastive]\nyolo_layer=1", c=2, h=1, w=1, dialect="alexeyab")
    node = network.nodes[-1]

    assert owns_cost(node.layer)
    with pytest.raises(CfgError, match=r"\[contrastive\] cannot be trained"):
        head_loss(replace(head_of(net(YOLO, c=7, h=1, w=1), [0.0] * 7), node=node), None)
