"""[Gaussian_yolo]: the fork's head that says how sure it is of each coordinate."""

from __future__ import annotations

from itertools import product
from math import exp

import pytest
import torch
from conftest import rows, run
from exports import check_layout

from pydarknet.boxes.rule import USUAL, SuppressionRule
from pydarknet.boxes.settings import Decoding
from pydarknet.errors import CfgError
from pydarknet.layers import Shape
from pydarknet.layers.gaussian_yolo import GaussianHead
from pydarknet.modules.onnx_writer import Writer

HEAD = "[Gaussian_yolo]\nclasses=2\nnum=1\nanchors=10,20\n"  # 9 + 2 entries a box
SQUASHED = [1 / (1 + exp(-x)) for x in range(11)]


def test_the_map_keeps_its_size(nodes):
    [node] = nodes(HEAD, c=11, h=3, w=4, dialect="alexeyab")

    assert node.output == Shape(c=11, h=3, w=4)


def test_all_but_width_and_height_are_squashed(net):
    y = run(net(HEAD, c=11, h=1, w=1, dialect="alexeyab"), range(11))

    expected = [*SQUASHED[:4], 4, SQUASHED[5], 6, *SQUASHED[7:]]
    assert y.shape == (11, 1, 1)
    torch.testing.assert_close(y.flatten(), torch.tensor(expected))


def test_scale_x_y_stretches_x_and_y_alone(net):
    y = run(net(f"{HEAD}scale_x_y=1.5", c=11, h=1, w=1, dialect="alexeyab"), range(11))

    x, sure_x, y_, *rest = y.flatten().tolist()
    assert (x, y_) == pytest.approx((SQUASHED[0] * 1.5 - 0.25, SQUASHED[2] * 1.5 - 0.25))
    assert [sure_x, rest[0]] == pytest.approx([SQUASHED[1], SQUASHED[3]])


def test_anchors_stand_one_after_the_other(net):
    text = "[Gaussian_yolo]\nclasses=0\nnum=2"

    y = run(net(text, c=18, h=1, w=1, dialect="alexeyab"), [0, 0, 0, 0, 7, 0, 8, 0, 0] * 2)

    half = 0.5  # 1 / (1 + e^0)
    assert y.flatten().tolist() == [half, half, half, half, 7, half, 8, half, half] * 2


@pytest.mark.parametrize(
    ("point", "shift"), [("center", 0), ("left_top", 0.5), ("right_bottom", -0.5)]
)
def test_a_box_is_decoded_from_its_point(net, point, shift):
    network = net(f"{HEAD}yolo_point={point}", c=11, h=2, w=4, dialect="alexeyab")
    output = torch.zeros(11, 2, 4)
    output[9:] = 0.9  # classes without an object
    # x y w h with their uncertainties, objectness and classes at row 1, column 2
    output[:, 1, 2] = torch.tensor([0.5, 0.1, 0.25, 0.2, 0, 0.3, 0, 0.4, 0.8, 0.9, 0.2])

    found = (
        network.layers[0]
        .detections(output[None], Shape(c=3, h=40, w=40), Decoding(thresh=0.2))
        .rows
    )

    w, h = 10 / 40, 20 / 40  # e^0 anchors of 10 x 20 pixels, of 40
    box = [(2 + 0.5) / 4 + shift * w, (1 + 0.25) / 2 + shift * h, w, h]
    torch.testing.assert_close(found.boxes, torch.tensor([box]))
    # .8 * .9 * (1 - .25), the mean of .1 .2 .3 .4; .8 * .2 * .75 = .12 is not above .2
    torch.testing.assert_close(found.probabilities, torch.tensor([[0.54, 0]]))
    torch.testing.assert_close(found.objectness, torch.tensor([0.8]))


def test_each_box_of_a_batch_has_its_own_values_and_uncertainty(net):
    text = "[Gaussian_yolo]\nclasses=2\nnum=2\nanchors=10,20,30,15\nmask=1,0"
    [layer] = net(text, c=22, h=2, w=3, dialect="alexeyab").layers
    outputs = torch.rand(2, 22, 2, 3, generator=torch.Generator().manual_seed(1))
    boxes, uncertainty, scores, counts = [], [], [], [0, 0]
    for image, row, column, place in product(range(2), range(2), range(3), range(2)):
        x, sx, y, sy, w, sw, h, sh, objectness, *classes = outputs[
            image, 11 * place : 11 * place + 11, row, column
        ].tolist()
        if objectness > 0.25:
            across, down = [(30, 15), (10, 20)][place]
            sides = [exp(w) * across / 40, exp(h) * down / 50]
            boxes.append([(column + x) / 3, (row + y) / 2, *sides])
            uncertainty.append([sx, sy, sw, sh])
            certain = [objectness * one * (1 - (sx + sy + sw + sh) / 4) for one in classes]
            scores.append([one if one > 0.25 else 0 for one in certain])
            counts[image] += 1

    found = layer.detections(outputs, Shape(c=3, h=50, w=40), Decoding(thresh=0.25))

    assert found.counts.tolist() == counts
    torch.testing.assert_close(found.rows.boxes, torch.tensor(boxes))
    torch.testing.assert_close(found.rows.uncertainty, torch.tensor(uncertainty))
    torch.testing.assert_close(found.rows.probabilities, torch.tensor(scores))


@pytest.mark.parametrize("options", ["", "scale_x_y=2", "yolo_point=left_top"])
def test_it_is_written_as_it_computes(net, options):
    text = f"[Gaussian_yolo]\nclasses=2\nnum=2\nanchors=10,20,30,15\n{options}"

    assert check_layout(net(text, c=22, h=2, w=3, dialect="alexeyab"), "merged", 2) == 1


@pytest.mark.parametrize(("scale", "products"), [(1, 0), (2, 2)])
def test_places_are_written_apart_only_with_a_scale(scale, products):
    pytest.importorskip("onnx")
    writer = Writer(13, 1)

    GaussianHead(2, scale).onnx(writer, writer.input("x", 22, 2, 3))

    assert [node.op_type for node in writer.nodes].count("Mul") == products


@pytest.mark.parametrize(
    ("options", "row"),
    [
        (
            "",
            "iou loss: mse (2), iou_norm: 0.75, obj_norm: 1.00, cls_norm: 1.00, delta_norm: 1.00,"
            " scale: 1.00, point: 1",
        ),
        (
            "iou_loss=giou\niou_normalizer=.5\nobj_normalizer=.4\ncls_normalizer=.3\n"
            "delta_normalizer=.2\nscale_x_y=1.1\nyolo_point=right_bottom",
            "iou loss: giou (1), iou_norm: 0.50, obj_norm: 0.40, cls_norm: 0.30, delta_norm: 0.20,"
            " scale: 1.10, point: 4",
        ),
        (
            "yolo_point=left_top",
            "iou loss: mse (2), iou_norm: 0.75, obj_norm: 1.00, cls_norm: 1.00, delta_norm: 1.00,"
            " scale: 1.00, point: 2",
        ),
    ],
)
def test_the_row_tells_the_losses(net, options, row):
    network = net(f"{HEAD}{options}", c=11, dialect="alexeyab")

    assert rows(network) == [f"   0 [Gaussian_yolo] {row}"]


def test_the_defaults_are_those_of_the_c(net):
    [head] = net("[Gaussian_yolo]", c=29, dialect="alexeyab").layers

    assert (head.classes, head.num, head.mask, head.max) == (20, 1, (0,), 200)
    assert (head.anchor_sizes, head.uc_normalizer) == (((0.5, 0.5),), 1)
    assert head.suppression == USUAL


def test_a_mask_ends_at_a_comment_and_anchors_do_not(net):
    text = "[Gaussian_yolo]\nclasses=2\nnum=4\nmask=0,1 #2,3\nanchors=1,2,3,4,5,6,7#,8"

    [head] = net(text, c=22, dialect="alexeyab").layers

    assert head.mask == (0, 1)
    assert head.anchors == (1, 2, 3, 4, 5, 6, 7, 8)


@pytest.mark.parametrize("word", ["default", "greedynms", "diounms", "cornersnms"])
def test_a_kind_of_suppression_is_known(net, word):
    [head] = net(f"{HEAD}nms_kind={word}", c=11, dialect="alexeyab").layers

    assert head.suppression == SuppressionRule(word)


@pytest.mark.parametrize("option", ["yolo_point=top", "nms_kind=soft", "iou_loss=eiou"])
def test_an_unknown_word_is_refused(net, option):
    with pytest.raises(CfgError, match=r"net\.cfg:10: \[Gaussian_yolo\] .*: expected one of"):
        net(f"{HEAD}{option}", c=11, dialect="alexeyab")


def test_the_channels_must_fit(net):
    with pytest.raises(CfgError) as error:
        net(HEAD, c=12, dialect="alexeyab")

    assert str(error.value) == (
        "net.cfg:6: [Gaussian_yolo] 1 anchor and 2 classes need 11 channels,"
        " the layer before gives 12\n"
        "    hint: filters of the [convolutional] before must be anchors * (classes + 9)"
    )


@pytest.mark.parametrize(
    ("name", "dialect"), [("Gaussian_yolo", "pjreddie"), ("gaussian_yolo", "alexeyab")]
)
def test_only_the_fork_knows_it_and_by_its_capital(net, name, dialect):
    with pytest.raises(CfgError, match=rf"net\.cfg:6: \[{name}\] is no section"):
        net(f"[{name}]", dialect=dialect)
