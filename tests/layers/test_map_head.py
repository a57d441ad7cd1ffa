"""Heads over maps: what [yolox], [retina] and [ssd] share. Their boxes: tests of each."""

from __future__ import annotations

import pytest
import torch
from anchor_heads import HEIGHT, RETINA, SSD, WIDTH
from conftest import rows

from pydarknet.errors import CfgError

YOLOX = "[convolutional]\nfilters=8\nsize=1\nstride=8\n[yolox]\nclasses=3\n"


def test_the_layer_before_is_the_only_map_unless_told(net):
    assert net(YOLOX, h=HEIGHT, w=WIDTH).nodes[-1].sources == (0,)


@pytest.mark.parametrize("text", [RETINA.text(), SSD.text()])
def test_objectness_is_the_best_class_and_scores_are_not_multiplied_by_it(net, text):
    layer = net(text, h=HEIGHT, w=WIDTH).layers[-1]
    columns = torch.tensor([[0.1, 0.2, 0.3, 0.4, 0.5, 0.25, 0.0]])

    boxes, objectness, scores = layer.box_parts(columns)

    assert objectness.tolist() == layer.objectness(columns).tolist() == [0.5]
    assert scores.tolist() == [[0.5, 0.25, 0.0]]
    torch.testing.assert_close(boxes, columns[:, :4])


def test_yolox_multiplies_classes_by_its_objectness(net):
    layer = net(YOLOX, h=HEIGHT, w=WIDTH).layers[-1]

    _, objectness, scores = layer.box_parts(torch.tensor([[0.1] * 4 + [0.5, 0.5, 0.25, 0.0]]))

    assert objectness.tolist() == [0.5]
    assert scores.tolist() == [[0.25, 0.125, 0.0]]


def test_a_map_of_other_channels_is_an_error_that_says_what_they_are(net):
    with pytest.raises(CfgError) as error:
        net(YOLOX.replace("filters=8", "filters=9"), h=HEIGHT, w=WIDTH)

    assert "maps of 8 channels, layer -1 gives 9 channels" in str(error.value)
    assert "the 4 numbers of a box, objectness, classes" in str(error.value)


def test_a_vector_is_no_map(net):
    vector = "[connected]\noutput=12\n[softmax]\n"

    with pytest.raises(CfgError, match="maps of 8 channels, layer 2 gives 12 numbers"):
        net(YOLOX.replace("[yolox]", f"{vector}[yolox]\nlayers=0,2"), h=HEIGHT, w=WIDTH)


def test_the_row_tells_a_single_box(net):
    assert rows(net(YOLOX, h=8, w=8))[-1].endswith("yolox  0 -> 1 box")


def test_a_map_is_read_once(net):
    with pytest.raises(CfgError, match=r"layers = 0,0: a layer is there twice: expected each once"):
        net("[convolutional]\nfilters=7\n[yolox]\nclasses=2\nlayers=0,0")
