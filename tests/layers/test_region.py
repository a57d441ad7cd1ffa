"""[region]: the detection head of YOLOv2 and YOLO9000."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest
import torch
from conftest import both_lineages, rows, run
from exports import check_layout

from pydarknet.boxes.settings import Decoding
from pydarknet.errors import CfgError
from pydarknet.graph.onnx_network import onnx_model
from pydarknet.layers import Shape
from pydarknet.modules.onnx_writer import Writer

HEAD = "[region]\nclasses=2\nnum=1\nanchors=1.5,2\n"  # 4 + 1 + 2 entries a box
RAW = [0, 1, 2, 3, 4, 1, 3]
SQUASHED = [1 / (1 + exp(-x)) for x in RAW]
FIRST = 1 / (1 + exp(2))  # of the classes 1 and 3: e^1 / (e^1 + e^3)
TREE = "a -1\nb -1\nc 0\n"  # a, b, and c below a


def tree(tmp_path) -> str:
    """Write the tree of three classes and return the option that names it."""
    (tmp_path / "a.tree").write_text(TREE)
    return f"tree={tmp_path}/a.tree"


@both_lineages
def test_the_map_keeps_its_size(nodes, dialect):
    [node] = nodes(HEAD, c=7, h=3, w=4, dialect=dialect)

    assert node.output == Shape(c=7, h=3, w=4)


# What the original activates


@pytest.mark.parametrize(
    ("options", "objectness", "classes"),
    [
        ("", SQUASHED[4], SQUASHED[5:]),
        ("softmax=1", SQUASHED[4], [FIRST, 1 - FIRST]),
        ("background=1", 4, SQUASHED[5:]),
        (
            "background=1\nsoftmax=1",  # over objectness and classes: e^4, e^1, e^3
            exp(4) / (exp(4) + exp(1) + exp(3)),
            [exp(x) / (exp(4) + exp(1) + exp(3)) for x in (1, 3)],
        ),
    ],
)
def test_the_original_squashes_places_objectness_and_classes(net, options, objectness, classes):
    y = run(net(f"{HEAD}{options}", c=7, h=1, w=1), RAW)

    expected = [SQUASHED[0], SQUASHED[1], 2, 3, objectness, *classes]
    torch.testing.assert_close(y.flatten(), torch.tensor(expected))


def test_the_original_leaves_masks_as_they_are(net):
    network = net("[region]\nclasses=1\ncoords=6", c=8, h=1, w=1)

    y = run(network, [0, 0, 2, 3, 4, 5, 0, 0]).flatten().tolist()

    assert y == [0.5, 0.5, 2, 3, 4, 5, 0.5, 0.5]


def test_the_original_makes_a_softmax_of_each_group_of_a_tree(net, tmp_path):
    text = f"[region]\nclasses=3\n{tree(tmp_path)}"

    y = run(net(text, c=8, h=1, w=1), [0, 0, 0, 0, 0, 1, 3, 9])

    torch.testing.assert_close(y.flatten()[5:], torch.tensor([FIRST, 1 - FIRST, 1]))


def test_the_originals_background_stands_beside_the_groups_of_a_tree(net, tmp_path):
    text = f"[region]\nclasses=3\nbackground=1\nsoftmax=1\n{tree(tmp_path)}"
    network = net(text, c=8, h=1, w=1)

    y = run(network, [0, 0, 0, 0, 5, 1, 3, 9])

    torch.testing.assert_close(y.flatten()[4:], torch.tensor([5, FIRST, 1 - FIRST, 1]))
    assert network.layers[0].rivals == (2, 2, 1)
    assert check_layout(network, "raw", 1) == 1


def test_the_original_keeps_channels_before_cells(net):
    network = net("[region]\nclasses=1\nnum=2\nsoftmax=1", c=12, h=1, w=2)

    y = run(network, [0, 0, 0, 0, 2, 3, 4, 5, 0, 0, 6, 7] * 2).flatten().tolist()

    assert y == [0.5, 0.5, 0.5, 0.5, 2, 3, 4, 5, 0.5, 0.5, 1, 1] * 2


# What the fork activates


@pytest.mark.parametrize(
    ("options", "classes"),
    [("", [1, 3]), ("softmax=1", [FIRST, 1 - FIRST]), ("background=1", [1, 3])],
)
def test_the_fork_squashes_objectness_alone(net, options, classes):
    y = run(net(f"{HEAD}{options}", c=7, h=1, w=1, dialect="alexeyab"), RAW)

    torch.testing.assert_close(y.flatten(), torch.tensor([0, 1, 2, 3, SQUASHED[4], *classes]))


def test_the_fork_makes_a_softmax_of_each_group_of_a_tree(net, tmp_path):
    text = f"[region]\nclasses=3\n{tree(tmp_path)}"

    y = run(net(text, c=8, h=1, w=1, dialect="alexeyab"), [0, 0, 0, 0, 0, 1, 3, 9])

    torch.testing.assert_close(y.flatten()[5:], torch.tensor([FIRST, 1 - FIRST, 1]))


def test_the_fork_puts_cells_before_anchors_and_entries(net):
    text = "[region]\nclasses=1\nnum=2\nsoftmax=1"
    network = net(text, c=12, h=1, w=2, dialect="alexeyab")
    x = [10, 20, 11, 21, 12, 22, 13, 23, 0, 0, 0, 0, 30, 40, 31, 41, 32, 42, 33, 43, 0, 0, 0, 0]

    y = run(network, x).flatten().tolist()

    first, second = [10, 11, 12, 13, 0.5, 1], [30, 31, 32, 33, 0.5, 1]  # anchors of cell 0
    third, fourth = [20, 21, 22, 23, 0.5, 1], [40, 41, 42, 43, 0.5, 1]  # and of cell 1
    assert y == first + second + third + fourth


# Boxes


def test_the_original_gives_every_box_anchor_by_anchor(net):
    network = net("[region]\nclasses=1\nnum=2\nanchors=1,2,3,4", c=12, h=1, w=2)
    output = torch.zeros(12, 1, 2)
    output[:6, 0, 1] = torch.tensor([0.5, 0.25, 0, 0, 0.8, 0.5])  # anchor 0 of cell 1

    found = network.layers[0].detections(output[None], network.input, Decoding(thresh=0.3)).rows

    # ((column + x) / 2, (row + y) / 1, 1 / 2, 2 / 1); then the anchors of 3 x 4 cells
    expected = [[0, 0, 0.5, 2], [0.75, 0.25, 0.5, 2], [0, 0, 1.5, 4], [0.5, 0, 1.5, 4]]
    torch.testing.assert_close(found.boxes, torch.tensor(expected))
    torch.testing.assert_close(found.objectness, torch.tensor([0, 0.8, 0, 0]))
    torch.testing.assert_close(found.probabilities, torch.tensor([[0], [0.4], [0], [0]]))


def test_the_original_takes_any_box_for_an_object_with_background(net):
    network = net("[region]\nclasses=1\nbackground=1", c=6, h=1, w=1)
    output = torch.tensor([0, 0, 0, 0, 0.1, 0.4]).view(6, 1, 1)

    found = network.layers[0].detections(output[None], network.input, Decoding(thresh=0.3)).rows

    assert found.objectness.tolist() == [1]
    torch.testing.assert_close(found.probabilities, torch.tensor([[0.4]]))


def test_the_fork_gives_every_box_cell_by_cell_with_objectness_1(net):
    text = "[region]\nclasses=1\nnum=2\nanchors=1,2,3,4"
    network = net(text, c=12, h=1, w=2, dialect="alexeyab")
    output = torch.zeros(1, 2, 2, 6)
    output[0, 1, 0] = torch.tensor([0, 0, 0, 0, 0.8, 0.5])  # anchor 0 of cell 1

    found = network.layers[0].detections(output[None], network.input, Decoding(thresh=0.3)).rows

    # a place of 0 is squashed to .5: ((column + .5) / 2, .5 / 1, 1 / 2, 2 / 1)
    expected = [[0.25, 0.5, 0.5, 2], [0.25, 0.5, 1.5, 4], [0.75, 0.5, 0.5, 2], [0.75, 0.5, 1.5, 4]]
    torch.testing.assert_close(found.boxes, torch.tensor(expected))
    assert found.objectness.tolist() == [1, 1, 1, 1]
    torch.testing.assert_close(found.probabilities, torch.tensor([[0], [0], [0.4], [0]]))


@pytest.mark.parametrize(
    ("classfix", "objectness", "expected"), [(0, 0.4, 0.4), (-1, 0.4, 0), (-1, 0.5, 0.5)]
)
def test_the_forks_classfix_drops_what_is_below_one_half(net, classfix, objectness, expected):
    text = f"[region]\nclasses=1\nclassfix={classfix}"
    network = net(text, c=6, h=1, w=1, dialect="alexeyab")
    output = torch.tensor([0, 0, 0, 0, objectness, 1]).view(1, 1, 1, 6)

    found = network.layers[0].detections(output[None], network.input, Decoding(thresh=0.1)).rows

    torch.testing.assert_close(found.probabilities, torch.tensor([[expected]]).float())


@pytest.mark.parametrize(("classfix", "left"), [(0, 0.4), (1, 0.4), (-1, 0)])
def test_the_forks_classfix_is_written(net, classfix, left):
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    text = f"[region]\nclasses=1\nclassfix={classfix}"
    network, writer = net(text, c=6, h=1, w=3, dialect="alexeyab"), Writer(13, 1)
    outputs = np.zeros((1, 1, 3, 1, 6), np.float32)
    outputs[..., 4] = np.array([0.4, 0.5, 0.6])[:, None]

    given = writer.input("x", *outputs.shape[1:])
    boxes = network.layers[0].onnx_boxes(writer, given, network.input)
    model = onnx_model(writer, [boxes.objectness]).SerializeToString()

    [found] = onnxruntime.InferenceSession(model).run(None, {"x": outputs})
    assert found.flatten().tolist() == pytest.approx([left, 0.5, 0.6])


@pytest.mark.parametrize(
    ("dialect", "size", "expected"),
    [
        # a walk ends at c, and the score is the objectness
        ("pjreddie", (8, 1, 1), [0, 0, 0.6]),
        # the last above one half: .9 * .8
        ("alexeyab", (1, 1, 1, 8), [0, 0, 0.72]),
    ],
)
def test_a_tree_gives_one_class(net, tmp_path, dialect, size, expected):
    network = net(f"[region]\nclasses=3\n{tree(tmp_path)}", c=8, h=1, w=1, dialect=dialect)
    output = torch.tensor([0, 0, 0, 0, 0.6, 0.9, 0.1, 0.8])

    found = (
        network.layers[0]
        .detections(output.view(size)[None], network.input, Decoding(thresh=0.5, hier=0.5))
        .rows
    )

    torch.testing.assert_close(found.probabilities, torch.tensor([expected]))


@pytest.mark.parametrize("objectness", [0.25, 0.5])
@pytest.mark.parametrize(("dialect", "size"), [("pjreddie", (8, 1, 1)), ("alexeyab", (1, 1, 1, 8))])
def test_a_tree_gives_no_class_where_no_object_is(net, tmp_path, dialect, size, objectness):
    network = net(f"[region]\nclasses=3\n{tree(tmp_path)}", c=8, h=1, w=1, dialect=dialect)
    output = torch.tensor([0, 0, 0, 0, objectness, 0.9, 0.1, 0.8]).view(size)

    found = network.layers[0].detections(output[None], network.input, Decoding(thresh=0.5)).rows

    assert found.probabilities.tolist() == [[0, 0, 0]]


@pytest.mark.parametrize(("dialect", "size"), [("pjreddie", (8, 1, 1)), ("alexeyab", (1, 1, 1, 8))])
def test_a_map_reads_classes_from_a_tree(net, tmp_path, dialect, size):
    network = net(f"[region]\nclasses=3\n{tree(tmp_path)}", c=8, h=1, w=1, dialect=dialect)
    output = torch.tensor([0, 0, 0, 0, 0.6, 0.9, 0.1, 0.8])

    found = (
        network.layers[0]
        .detections(output.view(size)[None], network.input, Decoding(thresh=0.2, map=(2, 1)))
        .rows
    )

    # class 0 is c: .6 * .9 * .8; class 1 is b: .6 * .1 is not above .2
    torch.testing.assert_close(found.probabilities, torch.tensor([[0.432, 0, 0]]))


# What OpenCV makes of a cell


@both_lineages
@pytest.mark.parametrize(
    ("options", "given", "objectness"),
    [
        ("", -1, 1 - SQUASHED[1]),
        ("classfix=-1", -1, 0),
        ("classfix=-1", 0, 0.5),
        ("classfix=-1", 1, SQUASHED[1]),
    ],
)
def test_opencv_has_places_sides_objectness_and_classes(net, dialect, options, given, objectness):
    text = f"[region]\nclasses=2\nnum=2\nanchors=1,2,3,4\nsoftmax=1\n{options}"
    [layer] = net(text, c=14, h=1, w=2, dialect=dialect).layers
    raw = torch.zeros(1, 14, 1, 2)
    raw[0, 7:, 0, 1] = torch.tensor([1, 2, 0.5, 0.25, given, 1, 3])  # the last cell and anchor

    cells = layer.opencv_cells(raw, Shape(c=3, h=50, w=40))

    last = 0, 0, 1, 1
    torch.testing.assert_close(cells.places[last], torch.tensor(SQUASHED[1:3]))
    torch.testing.assert_close(cells.sides[last], torch.tensor([3 * exp(0.5), 4 * exp(0.25)]))
    torch.testing.assert_close(cells.objectness[last], torch.tensor([float(objectness)]))
    torch.testing.assert_close(cells.classes[last], torch.tensor([FIRST, 1 - FIRST]))
    assert cells.unit == (2, 1)  # cells


@pytest.mark.parametrize("options", ["", "tree=", "softmax=1\ntree="])
def test_opencv_reads_heads_with_a_softmax_of_all_classes_alone(net, tmp_path, options):
    options = options.replace("tree=", tree(tmp_path))
    [layer] = net(f"[region]\nclasses=3\n{options}", c=8, h=1, w=1).layers

    problem = "is none that OpenCV read: expected softmax=1 and no tree"
    with pytest.raises(CfgError, match=rf"\[region\] {problem}$"):
        layer.check_opencv()


# Rows, defaults, refusals


@pytest.mark.parametrize(
    ("dialect", "row"), [("pjreddie", "    0 detection"), ("alexeyab", "   0 detection")]
)
def test_the_row_is_a_name(net, dialect, row):
    assert rows(net(HEAD, c=7, dialect=dialect)) == [row]


@pytest.mark.parametrize(("dialect", "boxes"), [("pjreddie", 30), ("alexeyab", 200)])
def test_the_defaults_are_those_of_the_c(net, dialect, boxes):
    [head] = net("[region]", c=25, dialect=dialect).layers

    assert (head.classes, head.num, head.coords, head.max) == (20, 1, 4, boxes)
    assert (head.softmax, head.background, head.bias_match) == (False, False, False)
    assert (head.log, head.sqrt, head.rescore, head.absolute) == (False,) * 4
    assert (head.thresh, head.jitter, head.random, head.classfix) == (0.5, 0.2, 0, 0)
    assert (head.coord_scale, head.object_scale, head.noobject_scale) == (1, 1, 1)
    assert (head.mask_scale, head.class_scale) == (1, 1)
    assert head.anchor_sizes == ((0.5, 0.5),)


def test_anchors_that_are_missing_are_a_half(net):
    [head] = net("[region]\nclasses=1\nnum=3\nanchors=1,2,3", c=18).layers

    assert head.anchor_sizes == ((1, 2), (3, 0.5), (0.5, 0.5))


def test_the_channels_must_fit(net):
    with pytest.raises(CfgError) as error:
        net(HEAD, c=8)

    assert str(error.value) == (
        "net.cfg:6: [region] 1 anchor and 2 classes need 7 channels, the layer before gives 8\n"
        "    hint: filters of the [convolutional] before must be num * (classes + 5)"
    )


def test_a_single_class_is_told_as_one(net, tmp_path):
    (tmp_path / "one.tree").write_text("a -1\n")

    with pytest.raises(CfgError, match="1 anchor and 1 class need 6 channels"):
        net("[region]\nclasses=1", c=7)
    with pytest.raises(CfgError, match=r"\[region\] tree has 1 class: expected 2"):
        net(f"[region]\nclasses=2\ntree={tmp_path}/one.tree", c=7)


def test_a_tree_must_have_the_classes(net, tmp_path):
    with pytest.raises(CfgError) as error:
        net(f"[region]\nclasses=4\n{tree(tmp_path)}", c=9)

    assert str(error.value) == "net.cfg:6: [region] tree has 3 classes: expected 4"


def test_the_fork_knows_four_coordinates_only(net):
    with pytest.raises(CfgError, match=r"net\.cfg:7: \[region\] coords = 6: expected at most 4"):
        net("[region]\ncoords=6", c=27, dialect="alexeyab")


def test_a_vector_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:4: \[region\] needs an image before it"):
        net(HEAD, inputs=7)
