"""[iseg]: the original's head that colours instances."""

from __future__ import annotations

from math import exp

import pytest
import torch
from conftest import rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

HEAD = "[iseg]\nclasses=2\nids=1"


def test_the_map_keeps_its_size(nodes):
    [node] = nodes(HEAD, c=3, h=4, w=5)

    assert node.output == Shape(c=3, h=4, w=5)


def test_a_map_a_class_is_squashed_and_the_embeddings_stay(net):
    y = run(net(HEAD, c=3, h=1, w=2), [0, 1, 2, 3, 4, 5])

    squashed = [1 / (1 + exp(-x)) for x in range(4)]
    torch.testing.assert_close(y.flatten(), torch.tensor([*squashed, 4, 5]))


def test_twenty_classes_and_32_embeddings_are_the_default(nodes):
    [node] = nodes("[iseg]", c=52)

    assert (node.layer.classes, node.layer.ids) == (20, 32)


def test_the_row_is_a_name(net):
    assert rows(net(HEAD)) == ["    0 iseg"]


@pytest.mark.parametrize("c", [2, 4])
def test_the_channels_must_fit(net, c):
    with pytest.raises(CfgError) as error:
        net(HEAD, c=c)

    assert str(error.value) == f"net.cfg:6: [iseg] needs 3 channels, the layer before gives {c}"


def test_a_vector_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:4: \[iseg\] needs an image before it"):
        net(HEAD, inputs=3)


def test_only_the_original_knows_it(net):
    with pytest.raises(CfgError, match=r"net\.cfg:6: \[iseg\] is no section"):
        net(HEAD, dialect="alexeyab")
