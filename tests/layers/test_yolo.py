"""[yolo]: the detection head of YOLOv3 and after."""

from __future__ import annotations

from math import exp

import pytest
import torch
from conftest import both_lineages, rows, run
from exports import check_layout

from pydarknet.boxes.rule import USUAL, SuppressionRule
from pydarknet.boxes.settings import Decoding
from pydarknet.errors import CfgError
from pydarknet.layers import Shape
from pydarknet.layers.yolo import YoloHead
from pydarknet.modules.onnx_writer import Writer

HEAD = "[yolo]\nclasses=2\nnum=1\nanchors=10,20\n"  # 5 + 2 entries a box
SQUASHED = [1 / (1 + exp(-x)) for x in range(7)]


@both_lineages
def test_the_map_keeps_its_size(nodes, dialect):
    [node] = nodes(HEAD, c=7, h=3, w=4, dialect=dialect)

    assert node.output == Shape(c=7, h=3, w=4)


@both_lineages
def test_all_but_width_and_height_are_squashed(net, dialect):
    y = run(net(HEAD, c=7, h=1, w=1, dialect=dialect), range(7))

    assert y.shape == (7, 1, 1)
    torch.testing.assert_close(y.flatten(), torch.tensor([*SQUASHED[:2], 2, 3, *SQUASHED[4:]]))


@both_lineages
def test_the_masks_anchors_stand_one_after_the_other(net, dialect):
    text = "[yolo]\nclasses=0\nnum=3\nmask=0,2"

    y = run(net(text, c=10, h=1, w=2, dialect=dialect), [0, 0, 0, 0, 5, 6, 7, 8, 0, 0] * 2)

    assert y.flatten().tolist() == [0.5, 0.5, 0.5, 0.5, 5, 6, 7, 8, 0.5, 0.5] * 2


def test_scale_x_y_stretches_x_and_y_about_their_middle(net):
    text = f"{HEAD}scale_x_y=1.2"

    y = run(net(text, c=7, h=1, w=1, dialect="alexeyab"), range(7))

    expected = [SQUASHED[0] * 1.2 - 0.1, SQUASHED[1] * 1.2 - 0.1, 2, 3, *SQUASHED[4:]]
    torch.testing.assert_close(y.flatten(), torch.tensor(expected))


@pytest.mark.parametrize(("scale", "places"), [(1, [0, 1]), (2, [-0.5, 1.5])])
def test_with_new_coords_nothing_is_squashed_but_the_scale_stays(net, scale, places):
    text = f"{HEAD}new_coords=1\nscale_x_y={scale}"

    y = run(net(text, c=7, h=1, w=1, dialect="alexeyab"), range(7))

    assert y.flatten().tolist() == [*places, 2, 3, 4, 5, 6]  # 2x - .5


# Boxes


@pytest.mark.parametrize(
    ("dialect", "options", "sides"),
    [
        ("pjreddie", "", (exp(0.5) * 10 / 40, exp(0.25) * 20 / 50)),
        ("alexeyab", "", (exp(0.5) * 10 / 40, exp(0.25) * 20 / 50)),
        ("alexeyab", "new_coords=1", (0.5**2 * 4 * 10 / 40, 0.25**2 * 4 * 20 / 50)),
    ],
)
def test_a_box_is_decoded_from_its_cell_and_anchor(net, dialect, options, sides):
    network = net(f"{HEAD}{options}", c=7, h=2, w=4, dialect=dialect)
    output = torch.zeros(7, 2, 4)
    output[5:] = 0.9  # classes without an object
    output[:, 1, 2] = torch.tensor([0.5, 0.25, 0.5, 0.25, 0.8, 0.9, 0.2])  # row 1, column 2

    found = (
        network.layers[0]
        .detections(output[None], Shape(c=3, h=50, w=40), Decoding(thresh=0.2))
        .rows
    )

    box = [(2 + 0.5) / 4, (1 + 0.25) / 2, *sides]
    torch.testing.assert_close(found.boxes, torch.tensor([box]))
    torch.testing.assert_close(found.objectness, torch.tensor([0.8]))
    torch.testing.assert_close(found.probabilities, torch.tensor([[0.72, 0]]))  # .16 is not


@both_lineages
def test_boxes_come_cell_by_cell_and_must_exceed_the_threshold(net, dialect):
    text = "[yolo]\nclasses=0\nnum=3\nmask=2,0\nanchors=10,10,20,20,30,30"
    network = net(text, c=10, h=1, w=2, dialect=dialect)
    output = torch.zeros(2, 5, 1, 2)
    output[:, 4, 0] = torch.tensor([[0.9, 0.6], [0.5, 0.7]])  # objectness [anchor][cell]

    found = (
        network.layers[0]
        .detections(output.flatten(0, 1)[None], Shape(c=3, h=10, w=10), Decoding(thresh=0.5))
        .rows
    )

    torch.testing.assert_close(found.objectness, torch.tensor([0.9, 0.6, 0.7]))
    assert found.boxes.tolist() == [[0, 0, 3, 3], [0.5, 0, 3, 3], [0.5, 0, 1, 1]]


@both_lineages
def test_boxes_are_counted_image_by_image(net, dialect):
    outputs = torch.zeros(3, 7, 1, 2)
    outputs[0, 4, 0, 0] = outputs[2, 4] = 0.9
    [layer] = net(HEAD, c=7, h=1, w=2, dialect=dialect).layers

    found = layer.detections(outputs, Shape(c=3, h=10, w=10), Decoding(thresh=0.5))

    assert found.counts.tolist() == [1, 0, 2]


# As ONNX


@pytest.mark.parametrize(
    ("dialect", "options"),
    [
        ("pjreddie", ""),
        ("alexeyab", ""),
        ("alexeyab", "scale_x_y=2"),
        ("alexeyab", "new_coords=1"),
        ("alexeyab", "new_coords=1\nscale_x_y=2"),
    ],
)
def test_it_is_written_as_it_computes(net, dialect, options):
    text = f"[yolo]\nclasses=2\nnum=2\nanchors=10,20,30,15\n{options}"

    assert check_layout(net(text, c=14, h=2, w=3, dialect=dialect), "merged", 2) == 1


@pytest.mark.parametrize(("scale", "products"), [(1, 0), (2, 1)])
def test_places_are_written_apart_only_with_a_scale(scale, products):
    pytest.importorskip("onnx")
    writer = Writer(13, 1)

    YoloHead(2, scale).onnx(writer, writer.input("x", 14, 2, 3))

    assert [node.op_type for node in writer.nodes].count("Mul") == products


# What OpenCV makes of a cell


@pytest.mark.parametrize(
    ("dialect", "options", "values"),
    [
        ("pjreddie", "", [SQUASHED[1], SQUASHED[2], exp(0.5), exp(0.25), *SQUASHED[3:5]]),
        ("alexeyab", "", [SQUASHED[1], SQUASHED[2], exp(0.5), exp(0.25), *SQUASHED[3:5]]),
        (
            "alexeyab",
            "scale_x_y=2",
            [2 * SQUASHED[1] - 0.5, 2 * SQUASHED[2] - 0.5, exp(0.5), exp(0.25), *SQUASHED[3:5]],
        ),
        ("alexeyab", "new_coords=1", [1, 2, 0.5**2 * 4, 0.25**2 * 4, 3, 4]),
        ("alexeyab", "new_coords=1\nscale_x_y=2", [1.5, 3.5, 0.5**2 * 4, 0.25**2 * 4, 3, 4]),
    ],
)
def test_opencv_has_places_sides_objectness_and_classes(net, dialect, options, values):
    text = f"[yolo]\nclasses=1\nnum=2\nanchors=10,20,30,40\n{options}"
    [layer] = net(text, c=12, h=1, w=2, dialect=dialect).layers
    raw = torch.zeros(1, 12, 1, 2)
    raw[0, 6:, 0, 1] = torch.tensor([1, 2, 0.5, 0.25, 3, 4])  # the second anchor of the last cell
    given = raw.clone()

    cells = layer.opencv_cells(raw, Shape(c=3, h=50, w=40))

    x, y, w, h, objectness, probability = torch.tensor(values, dtype=torch.float32)
    last = 0, 0, 1, 1
    torch.testing.assert_close(cells.places[last], torch.stack([x, y]))
    torch.testing.assert_close(cells.sides[last], torch.stack([w * 30, h * 40]))
    torch.testing.assert_close(cells.objectness[last], objectness[None])
    torch.testing.assert_close(cells.classes[last], probability[None])
    assert cells.unit == (40, 50)
    assert torch.equal(raw, given)


# Rows


def test_the_originals_row_is_a_name(net):
    assert rows(net(HEAD, c=7)) == ["    0 yolo"]


@pytest.mark.parametrize(
    ("options", "row"),
    [
        (
            "",
            "iou loss: mse (2), iou_norm: 0.75, obj_norm: 1.00, cls_norm: 1.00, delta_norm: 1.00,"
            " scale_x_y: 1.00",
        ),
        (
            "iou_loss=ciou\niou_normalizer=.07\nobj_normalizer=.4\ncls_normalizer=.5\n"
            "delta_normalizer=.2\nscale_x_y=1.05",
            "iou loss: ciou (4), iou_norm: 0.07, obj_norm: 0.40, cls_norm: 0.50, delta_norm: 0.20,"
            " scale_x_y: 1.05",
        ),
    ],
)
def test_the_forks_row_tells_the_losses(net, options, row):
    network = net(f"{HEAD}{options}", c=7, dialect="alexeyab")

    assert rows(network) == ["   0 yolo", f"[yolo] params: {row}"]


@pytest.mark.parametrize(
    ("word", "number"), [("iou", 0), ("giou", 1), ("mse", 2), ("diou", 3), ("ciou", 4)]
)
def test_a_loss_has_a_number(net, word, number):
    network = net(f"{HEAD}iou_loss={word}", c=7, dialect="alexeyab")

    assert f"iou loss: {word} ({number})," in rows(network)[1]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("nms_kind=greedynms", "nms_kind: greedynms (1), beta = 0.600000 \n"),
        ("nms_kind=diounms\nbeta_nms=.7", "nms_kind: diounms (2), beta = 0.700000 \n"),
        ("nms_kind=softnms", "nms_kind: softnms (4), beta = 0.600000 \n"),
        ("", ""),
    ],
)
def test_the_fork_tells_the_kind_of_suppression(net, options, told):
    [head] = net(f"{HEAD}{options}", c=7, dialect="alexeyab").layers

    assert head.stdout_text() == told


# Defaults


@pytest.mark.parametrize(("dialect", "boxes"), [("pjreddie", 90), ("alexeyab", 200)])
def test_the_defaults_are_those_of_the_c(net, dialect, boxes):
    [head] = net("[yolo]", c=25, dialect=dialect).layers

    assert (head.classes, head.num, head.mask, head.max) == (20, 1, (0,), boxes)
    assert (head.jitter, head.ignore_thresh, head.truth_thresh) == (0.2, 0.5, 1)
    assert head.anchor_sizes == ((0.5, 0.5),)
    assert head.suppression == USUAL


def test_a_mask_is_all_anchors_unless_given(net):
    [head] = net("[yolo]\nclasses=1\nnum=3", c=18).layers

    assert head.mask == (0, 1, 2)


def test_anchors_that_are_missing_are_a_half(net, capsys):
    [head] = net("[yolo]\nclasses=1\nnum=3\nanchors=1,2,3", c=18).layers

    assert head.anchor_sizes == ((1, 2), (3, 0.5), (0.5, 0.5))
    told = "3 numbers: expected 6, a width and a height for each of 3; each that is missing is 0.5"
    assert f"net.cfg:9: [yolo] anchors = 1,2,3: {told}\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("anchors", "told"),
    [("1,2,3", "3 numbers: expected pairs of width and height"), ("1,2,3,4", ""), ("1,2", "")],
)
def test_an_odd_number_of_anchors_is_told(net, capsys, anchors, told):
    net(f"[yolo]\nclasses=1\nnum=1\nanchors={anchors}", c=6)

    place = f"net.cfg:9: [yolo] anchors = {anchors}: "
    assert (f"{place}{told}\n" if told else "") == "".join(
        f"{line}\n" for line in capsys.readouterr().err.split("\n") if line.startswith(place)
    )


@both_lineages
def test_anchors_beyond_num_are_kept(net, dialect):
    [head] = net("[yolo]\nclasses=1\nnum=1\nmask=1\nanchors=1,2,3,4", c=6, dialect=dialect).layers

    assert head.anchor_sizes == ((3, 4),)


@pytest.mark.parametrize(
    ("dialect", "mask", "anchors"),
    [("pjreddie", (0, 1, 2), (1, 2, 3, 4)), ("alexeyab", (0, 1), (1, 2, 3))],
)
def test_the_forks_lists_end_at_a_comment(net, dialect, mask, anchors):
    text = "[yolo]\nclasses=1\nnum=3\nmask=0,1 #,2\nanchors=1,2,3#,4"

    [head] = net(text, c=6 * len(mask), dialect=dialect).layers

    assert (head.mask, head.anchors) == (mask, anchors)


@pytest.mark.parametrize("option", ["scale_x_y=1.1", "new_coords=1", "nms_kind=diounms"])
def test_the_original_does_not_use_the_forks_options(net, option, capsys):
    y = run(net(f"{HEAD}{option}", c=7, h=1, w=1), range(7))

    assert y.flatten()[0] == 0.5
    assert f"Unused field: '{option.replace('=', ' = ')}'" in capsys.readouterr().err


@both_lineages
@pytest.mark.parametrize(("assign", "told"), [("", True), ("assign=simota\n", False)])
@pytest.mark.parametrize("option", ["radius=2", "candidates=9", "simota_iou=1", "l1=1"])
def test_options_of_simota_are_unused_without_it(net, capsys, dialect, option, assign, told):
    net(f"{HEAD}{assign}{option}", c=7, dialect=dialect)

    unused = f"Unused field: '{option.replace('=', ' = ')}'"
    assert (unused in capsys.readouterr().err) is told


# Suppression of ours


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_a_head_may_ask_for_soft_suppression_of_all_classes(net, dialect, capsys):
    text = f"{HEAD}nms_kind=softnms_gaussian\nsigma_nms=.3\nnms_agnostic=1"

    [head] = net(text, c=7, dialect=dialect).layers

    assert head.suppression == SuppressionRule("softnms_gaussian", sigma=0.3, agnostic=True)
    assert "Unused field" not in capsys.readouterr().err


@pytest.mark.parametrize("option", ["sigma_nms=0", "sigma_nms=-1", "nms_agnostic=yes"])
@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_a_value_that_no_suppression_has_is_refused(net, dialect, option):
    with pytest.raises(CfgError, match=r"net\.cfg:10: \[yolo\] .*: expected "):
        net(f"{HEAD}{option}", c=7, dialect=dialect)


# Refusals


@pytest.mark.parametrize("c", [75, 79])
def test_the_channels_must_fit(net, c):
    with pytest.raises(CfgError) as error:
        net("[yolo]\nclasses=21\nnum=9\nmask=0,1,2", c=c)

    assert str(error.value) == (
        "net.cfg:6: [yolo] 3 anchors and 21 classes need 78 channels,"
        f" the layer before gives {c}\n"
        "    hint: filters of the [convolutional] before must be anchors * (classes + 5)"
    )


def test_a_mask_must_name_an_anchor(net):
    with pytest.raises(CfgError) as error:
        net("[yolo]\nclasses=1\nnum=3\nmask=0,3", c=12)

    expected = "net.cfg:6: [yolo] mask names anchor 3: expected one of 3, from 0"
    assert str(error.value) == expected


@pytest.mark.parametrize("option", ["nms_kind=soft", "iou_loss=eiou", "iou_thresh_kind=mean"])
def test_an_unknown_word_is_refused(net, option):
    with pytest.raises(CfgError, match=r"net\.cfg:10: \[yolo\] .*: expected one of "):
        net(f"{HEAD}{option}", c=7, dialect="alexeyab")


def test_a_vector_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:4: \[yolo\] needs an image before it"):
        net(HEAD, inputs=7)
