"""What the heads with anchors share."""

import pytest
import torch

from pydarknet.errors import CfgError
from pydarknet.layers.anchor_head import (
    activate_entries,
    cells_above,
    onnx_activated,
    stretch,
    unmirror,
)
from pydarknet.modules.onnx_writer import Writer

CONV = "[convolutional]\nfilters={filters}\nsize=1\nactivation=linear\n"
YOLO = "[yolo]\nclasses=1\nnum=3\nanchors=1,2, 3,4, 5,6\n"


def head(nodes, text: str, filters: int = 12):
    """Return a yolo head behind a convolution of n filters."""
    return nodes(CONV.format(filters=filters) + YOLO + text)[-1].layer


def test_a_mask_chooses_anchors(nodes):
    layer = head(nodes, "mask=2,0")

    assert (layer.boxes, layer.anchor_sizes) == (2, ((5, 6), (1, 2)))


def test_without_a_mask_all_anchors_are_its(nodes):
    assert head(nodes, "", filters=18).mask == (0, 1, 2)


def test_anchors_that_are_not_given_are_one_half(nodes):
    assert head(nodes, "mask=0,2").sizes(4)[3] == (0.5, 0.5)


def test_a_mask_beyond_the_anchors_is_refused(nodes):
    with pytest.raises(CfgError, match="mask names anchor 3: expected one of 3, from 0"):
        head(nodes, "mask=0,3")


def test_an_odd_number_makes_no_anchor(nodes):
    text = CONV.format(filters=6) + "[yolo]\nclasses=1\nanchors=1,2, 3,4, 5\nmask=2"

    with pytest.raises(CfgError, match=r"mask names anchor 2: expected one of 2, from 0"):
        nodes(text)


def test_the_layer_before_must_fit(nodes):
    with pytest.raises(CfgError, match=r"2 anchors and 1 class need 12 channels,.* gives 13"):
        head(nodes, "mask=0,1", filters=13)


def test_boxes_come_cell_by_cell_and_anchor_by_anchor():
    objectness = torch.tensor([[0.9, 0.1], [0.8, 0.7]])  # [anchor, column]
    outputs = torch.stack([torch.tensor([[1.0, 2], [3, 4]]), objectness], 1).view(1, 4, 1, 2)

    cells = cells_above(outputs, ((10, 11), (20, 21)), objectness=1, thresh=0.5)

    assert cells.counts.tolist() == [3]
    assert cells.values[:, 0].tolist() == [1, 3, 4]
    assert cells.column.flatten().tolist() == [0, 0, 1]
    assert cells.anchors.tolist() == [[10, 11], [20, 21], [20, 21]]


def test_centres_are_shares_of_the_map():
    cells = cells_above(torch.ones(1, 1, 2, 4), ((1, 1),), objectness=0, thresh=0.5)

    x, y = cells.centres(torch.tensor(0.5), torch.tensor(0.25))

    assert x[3].item() == 0.875  # (3 + 0.5) / 4
    assert y[7].item() == 0.625  # (1 + 0.25) / 2


def test_a_mirror_images_columns_and_centres_are_turned_back():
    outputs = torch.tensor([[0.25, 0.5], [7, 8]]).view(1, 2, 1, 2)  # x and another number

    assert unmirror(outputs, 1).flatten().tolist() == [0.5, 0.75, 8, 7]


def test_entries_are_squashed_but_for_those_that_are_kept():
    boxes = torch.zeros(1, 1, 3, 1, 1)

    assert activate_entries(boxes, (1,), (), 1).flatten().tolist() == [0.5, 0, 0.5]


def test_neighbouring_entries_that_are_treated_alike_are_written_as_one_part():
    pytest.importorskip("onnx")
    writer = Writer(13, 1)

    onnx_activated(writer.input("boxes", 2, 7, 3, 4), (2, 3), (0, 1), 1.5)

    kinds = [node.op_type for node in writer.nodes]
    assert (kinds.count("Slice"), kinds.count("Sigmoid"), kinds.count("Mul")) == (3, 2, 1)


@pytest.mark.parametrize(("value", "stretched"), [(0.5, 0.5), (1, 1.5), (0, -0.5)])
def test_places_are_stretched_about_their_middle(value, stretched):
    boxes = torch.full((1, 1, 2, 1, 1), float(value))

    assert stretch(boxes, (0,), 2).flatten().tolist() == [stretched, value]
