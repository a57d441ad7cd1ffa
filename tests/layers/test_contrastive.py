"""[contrastive]: the fork's loss on embeddings, which gives no output."""

from __future__ import annotations

import pytest
import torch
from conftest import rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

HEAD = "[route]\nlayers=-1\n[yolo]\nclasses=1\nnum=2\n"  # layers 0 and 1; 2 * (5 + 1) channels


def test_the_output_is_flat(nodes):
    node = nodes(f"{HEAD}[contrastive]\nyolo_layer=1", c=12, h=2, w=3, dialect="alexeyab")[-1]

    assert node.output == Shape(length=72)  # 12 * 2 * 3


def test_the_output_is_zero(net):
    network = net(f"{HEAD}[contrastive]\nyolo_layer=1", c=12, h=1, w=1, dialect="alexeyab")

    assert torch.equal(run(network, range(12)), torch.zeros(12))


def test_the_row_is_as_recorded_of_yolov4_tiny_contrastive(net):
    network = net(
        "[route]\nlayers=-1\n[yolo]\nclasses=80\nnum=9\n"
        "[convolutional]\nfilters=1152\n[contrastive]\nclasses=1\nyolo_layer=-2",
        c=765,
        h=52,
        w=52,
        dialect="alexeyab",
    )

    assert rows(network)[-2:] == [
        "   3 contrastive   52 x  52 x   9 x emb_size  128 x batch:    1  classes =   80,"
        " step = 24336 ",  # 128 = 1152 / 9, 24336 = 9 * 52 * 52
        "detection ",
    ]


@pytest.mark.parametrize("yolo_layer", ["", "yolo_layer=0"])
def test_a_yolo_layer_must_be_named(net, yolo_layer):
    with pytest.raises(CfgError) as error:
        net(f"{HEAD}[contrastive]\n{yolo_layer}", c=12, dialect="alexeyab")

    expected = "net.cfg:11: [contrastive] yolo_layer: expected the index of a [yolo]"
    assert str(error.value) == expected


@pytest.mark.parametrize("yolo_layer", [1, -1])
def test_a_yolo_layer_is_counted_from_the_first_or_back(nodes, yolo_layer):
    text = f"{HEAD}[contrastive]\nyolo_layer={yolo_layer}"

    node = nodes(text, c=12, dialect="alexeyab")[-1]

    assert node.sources == (1, 1)


def test_the_defaults_are_those_of_the_c(net):
    text = f"{HEAD}[contrastive]\nyolo_layer=1"

    layer = net(text, c=12, dialect="alexeyab").layers[2]

    assert (layer.classes, layer.temperature, layer.cls_normalizer) == (1000, 1, 1)
    assert (layer.contrastive_neg_max, layer.max_delta) == (3, 3.4028234663852886e38)  # FLT_MAX


def test_only_the_fork_knows_it(net):
    with pytest.raises(CfgError) as error:
        net("[contrastive]")

    assert "net.cfg:6: [contrastive] is no section" in str(error.value)
    assert "known in the dialect alexeyab" in str(error.value)


def test_the_embeddings_must_fit_the_boxes(net):
    text = "[route]\nlayers=-1\n[yolo]\nclasses=1\nnum=2\n[convolutional]\nfilters=3\n"

    with pytest.raises(CfgError, match=r"\[contrastive\] reads 9 numbers: expected an embedding"):
        net(f"{text}[contrastive]\nyolo_layer=1", c=12, h=1, w=3, dialect="alexeyab")
