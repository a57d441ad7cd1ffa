"""What every detection head declares, before a subclass says otherwise."""

import pytest
import torch

from pydarknet.errors import CfgError
from pydarknet.layers import DetectionHead, detection_heads, last_detection_head, type_lines
from pydarknet.layers.detection_head import above

YOLO = "[convolutional]\nfilters=14\nsize=1\n[yolo]\nmask=0,1\nanchors=5,7, 9,6\nnum=2\nclasses=2\n"
REGION = "[convolutional]\nfilters=14\nsize=1\n[region]\nnum=2\nanchors=1,2, 2,1\nclasses=2\n"
CELLS = "[connected]\noutput=28\n[detection]\nside=2\ncoords=4\nnum=1\nclasses=2\n"


def test_a_head_truth_of_which_is_rows_has_no_cells(nodes):
    head = nodes(YOLO)[-1].layer

    assert (head.classes, head.max, head.cells, head.unplaced) == (2, 90, 0, False)
    assert (head.jitter, head.random, head.resize) == (pytest.approx(0.2), 0, 1)


def test_a_head_of_cells_says_how_many_a_side(nodes):
    assert nodes(CELLS)[-1].layer.cells == 2


def test_only_a_head_that_can_be_mirrored_is(nodes):
    with pytest.raises(CfgError, match="cannot be averaged with its mirror image"):
        DetectionHead.unmirror(nodes(CELLS)[-1].layer, torch.zeros(1))


def test_only_a_head_that_can_be_written_is(nodes):
    layer = nodes(CELLS)[-1].layer

    problem = "cannot be written as ONNX with its boxes: expected the layout raw"
    with pytest.raises(CfgError, match=rf"^net\.cfg:\d+: \[detection\] {problem}$"):
        DetectionHead.onnx_boxes(layer, None, None, layer)


def test_only_a_head_that_opencv_knows_is_read_by_it(nodes):
    layer = nodes(CELLS)[-1].layer

    with pytest.raises(CfgError, match=r"^net\.cfg:\d+: \[detection\] is none that OpenCV read$"):
        layer.check_opencv()


def anchored(anchors: str) -> str:
    """Return a head of two anchors, and what it has of them."""
    return f"[convolutional]\nfilters=12\nsize=1\n[yolo]\nnum=2\nclasses=1\n{anchors}"


@pytest.mark.parametrize(
    ("anchors", "told"),
    [
        ("", []),
        (
            "anchors=5,7\n",
            [
                "2 numbers: expected 4, a width and a height for each of 2; each that is missing"
                " is 0.5"
            ],
        ),
        ("anchors=5,7,6,8\n", []),
        ("anchors=5,7,6,8,1\n", ["5 numbers: expected pairs of width and height"]),
    ],
)
def test_anchors_are_told_where_some_are_missing(nodes, capsys, anchors, told):
    nodes(anchored(anchors))

    lines = [line for line in capsys.readouterr().err.split("\n") if "numbers" in line]
    place = f"net.cfg:12: [yolo] {anchors.strip().replace('=', ' = ')}: "
    assert lines == [f"{place}{problem}" for problem in told]


@pytest.mark.parametrize("sides", ["0,7", "5,0", "-1,7", "5,-2"])
def test_an_anchor_needs_a_width_and_a_height(nodes, sides):
    with pytest.raises(CfgError) as error:
        nodes(anchored(f"anchors=1,1,{sides}"))

    problem = f"an anchor is {sides.replace(',', ' x ')}: expected more than 0"
    assert str(error.value) == f"net.cfg:12: [yolo] anchors = 1,1,{sides}: {problem}"


def test_heads_are_those_of_layers_that_give_boxes(nodes):
    layers = [node.layer for node in nodes(YOLO + REGION)]

    assert detection_heads(layers) == [layers[1], layers[3]]
    assert last_detection_head(layers) is layers[3]


def test_a_network_without_heads_has_no_last_one():
    assert last_detection_head([]) is None


def test_the_fork_lists_heads_that_have_a_number(nodes):
    lines = type_lines(nodes(YOLO + REGION))

    assert lines == [" Detection layer: 1 - type = 28 ", " Detection layer: 3 - type = 27 "]


def test_a_score_must_exceed_the_threshold():
    assert above(torch.tensor([0.25, 0.5, 0.75]), 0.5).tolist() == [0, 0, 0.75]
