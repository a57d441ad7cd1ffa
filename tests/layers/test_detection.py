"""[detection]: the head of YOLOv1."""

from __future__ import annotations

from itertools import product
from math import exp

import pytest
import torch
from conftest import both_lineages, rows, run
from exports import check_layout

from pydarknet.boxes.settings import Decoding
from pydarknet.errors import CfgError
from pydarknet.layers import Shape

# 2 x 2 cells of 1 box and 2 classes: 8 probabilities, 4 confidences, 16 coordinates
HEAD = "[detection]\nside=2\ncoords=4\nnum=1\nclasses=2\n"
CLASSES = [0.9, 0.1, 0.2, 0.8, 0.5, 0.5, 0, 1]
BOXES = [0.5, 0.5, 0.5, 1, 0, 0.5, 0.1, 0.2, 1, 0, 0.3, 0.4, 0.25, 0.75, 0.6, 0.8]
OUTPUT = [*CLASSES, 0.5, 1, 0.4, 0.2, *BOXES]


@both_lineages
def test_the_output_is_flat(nodes, dialect):
    [node] = nodes(HEAD, inputs=28, dialect=dialect)

    assert node.output == Shape(length=28)


@both_lineages
def test_a_cell_has_boxes_of_coordinates_and_a_confidence_and_classes(nodes, dialect):
    text = "[detection]\nside=3\ncoords=4\nnum=2\nclasses=5"

    [node] = nodes(text, inputs=135, dialect=dialect)  # 3 * 3 * (2 * (4 + 1) + 5)

    assert node.output == Shape(length=135)


def test_a_cell_may_have_several_boxes_in_a_row(net):
    network = net("[detection]\nside=1\ncoords=4\nnum=2\nclasses=3", inputs=13)
    output = [0.5, 0.6, 0.1, 0.8, 0.4, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]

    found = (
        network.layers[0]
        .detections(torch.tensor(output)[None], network.input, Decoding(thresh=0.3))
        .rows
    )

    torch.testing.assert_close(found.boxes, torch.tensor([output[5:9], output[9:]]))
    torch.testing.assert_close(found.objectness, torch.tensor([0.8, 0.4]))
    torch.testing.assert_close(found.probabilities, torch.tensor([[0.4, 0.48, 0], [0, 0, 0]]))


def test_three_coordinates_are_no_box(net):
    network = net("[detection]\nside=1\ncoords=3", inputs=5)

    with pytest.raises(CfgError) as error:
        network.layers[0].detections(torch.zeros(1, 5), network.input, Decoding(thresh=0.3))

    expected = "net.cfg:4: [detection] coords = 3: expected 4, which make a box"
    assert str(error.value) == expected


@both_lineages
def test_values_pass_as_they_are(net, dialect):
    y = run(net(HEAD, c=7, h=2, w=2, dialect=dialect), range(28))

    assert y.tolist() == list(range(28))


def test_softmax_goes_over_the_classes_of_each_cell(net):
    y = run(net(f"{HEAD}softmax=1", inputs=28), [1, 3, 2, 2, *[0] * 4, *range(8, 28)])

    first = 1 / (1 + exp(2))  # e^1 / (e^1 + e^3)
    expected = [first, 1 - first, *[0.5] * 6, *range(8, 28)]
    torch.testing.assert_close(y, torch.tensor(expected))


def test_softmax_goes_over_the_classes_of_nine_cells(net):
    text = "[detection]\nside=3\ncoords=4\nnum=1\nclasses=2\nsoftmax=1"

    y = run(net(text, inputs=63), [1, 3, *[0] * 16, *range(45)])

    first = 1 / (1 + exp(2))
    torch.testing.assert_close(y, torch.tensor([first, 1 - first, *[0.5] * 16, *range(45)]))


def test_each_image_of_a_batch_has_its_own_boxes(net):
    text = "[detection]\nside=3\ncoords=5\nnum=2\nclasses=3"
    network = net(text, inputs=135)  # 9 * (3 + 2 * 6)
    outputs = torch.rand(2, 135, generator=torch.Generator().manual_seed(1))
    boxes, scores = [], []
    for image, row, column, place in product(range(2), range(3), range(3), range(2)):
        cell = 3 * row + column
        x, y, w, h, _ = outputs[image, 45 + 5 * (2 * cell + place) :][:5].tolist()
        objectness = outputs[image, 27 + 2 * cell + place]
        boxes.append([(column + x) / 3, (row + y) / 3, w, h])
        scores.append(objectness * outputs[image, 3 * cell : 3 * cell + 3])

    found = network.layers[0].detections(outputs, network.input, Decoding(thresh=0.25))

    assert found.counts.tolist() == [18, 18]
    torch.testing.assert_close(found.rows.boxes, torch.tensor(boxes))
    wanted = torch.stack(scores)
    torch.testing.assert_close(found.rows.probabilities, wanted * (wanted > 0.25))


@pytest.mark.parametrize(("root", "power"), [(0, 1), (1, 2)])
def test_boxes_are_cells_row_by_row_and_sides_may_be_roots(net, root, power):
    network = net(f"{HEAD}sqrt={root}", inputs=28)

    found = (
        network.layers[0]
        .detections(torch.tensor(OUTPUT)[None], network.input, Decoding(thresh=0.3))
        .rows
    )

    expected = [  # ((column + x) / 2, (row + y) / 2, w, h)
        [0.25, 0.25, 0.5**power, 1],
        [0.5, 0.25, 0.1**power, 0.2**power],
        [0.5, 0.5, 0.3**power, 0.4**power],
        [0.625, 0.875, 0.6**power, 0.8**power],
    ]
    torch.testing.assert_close(found.boxes, torch.tensor(expected))


def test_scores_are_confidence_times_class_where_above_the_threshold(net):
    network = net(HEAD, inputs=28)

    found = (
        network.layers[0]
        .detections(torch.tensor(OUTPUT)[None], network.input, Decoding(thresh=0.2))
        .rows
    )

    expected = [[0.45, 0], [0, 0.8], [0, 0], [0, 0]]  # not .5 * .1, 1 * .2, .4 * .5, .2 * 1
    torch.testing.assert_close(found.probabilities, torch.tensor(expected))
    torch.testing.assert_close(found.objectness, torch.tensor([0.5, 1, 0.4, 0.2]))


@pytest.mark.parametrize(
    ("options", "channels"),
    [("", 7), ("softmax=1", 7), ("sqrt=1", 7), ("num=2", 12), ("num=2\ncoords=5", 14)],
)
def test_it_is_written_as_it_computes(net, options, channels):
    text = f"[detection]\nside=3\nclasses=2\n{options}\n"
    text += "" if "coords" in options else "coords=4\n"

    assert check_layout(net(text, c=channels, h=3, w=3), "merged", 2) == 1


@pytest.mark.parametrize(
    ("dialect", "row"),
    [("pjreddie", "    0 Detection Layer"), ("alexeyab", "   0 Detection Layer")],
)
def test_the_row_is_a_name(net, dialect, row):
    assert rows(net(HEAD, inputs=28, dialect=dialect)) == [row]


@pytest.mark.parametrize(("dialect", "boxes"), [("pjreddie", 90), ("alexeyab", 200)])
def test_the_defaults_are_those_of_the_c(net, dialect, boxes):
    [head] = net("[detection]", inputs=147, dialect=dialect).layers  # 7 * 7 * (1 * 2 + 1)

    assert (head.classes, head.coords, head.num, head.max) == (1, 1, 1, boxes)
    assert (head.softmax, head.sqrt, head.rescore, head.forced) == (False,) * 4
    assert (head.coord_scale, head.object_scale) == (1, 1)
    assert (head.noobject_scale, head.class_scale) == (1, 1)
    assert (head.jitter, head.random) == (0.2, 0)


def test_several_boxes_and_one_class_are_told_as_such(net):
    with pytest.raises(CfgError, match="2 x 2 cells of 2 boxes and 1 class need 44 inputs"):
        net("[detection]\nside=2\ncoords=4\nnum=2\nclasses=1", inputs=28)


@pytest.mark.parametrize("inputs", [27, 29])
def test_the_layer_before_must_have_so_many_outputs(net, inputs):
    with pytest.raises(CfgError) as error:
        net(HEAD, inputs=inputs)

    assert str(error.value) == (
        "net.cfg:4: [detection] 2 x 2 cells of 1 box and 2 classes need 28 inputs,"
        f" the layer before gives {inputs}\n    hint: output of the [connected] before must be"
        " side * side * (num * (1 + coords) + classes)"
    )
