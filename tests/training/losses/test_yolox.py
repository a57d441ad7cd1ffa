"""The loss of [yolox] is the official YOLOX's, as scripts/record_yolox.py recorded it."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
import record_yolox
import torch
from conftest import HERE
from loss_cases import focal_slope, inputs_of, rows
from torch import Tensor

from pydarknet.graph.head import Head
from pydarknet.network import Network
from pydarknet.training import ScalarLoss, losses_of
from pydarknet.training.losses.map_heads import truth_of
from pydarknet.training.losses.simota import Rule, assign
from pydarknet.training.losses.yolox import Predicted, weighted_sums

RECORDED = np.load(HERE / "reference" / "yolox" / "losses.npz")
CASES = {name: (maps, truth) for name, maps, truth in record_yolox.loss_cases()}
WIDTH, HEIGHT = record_yolox.SIZE
COUNT = sum(  # of the cells whose objectness should grow: those that were assigned a true box
    int((RECORDED[f"boxes.gradient.{level}"][:, 4] < 0).sum()) for level in range(3)
)
MAPS = "[convolutional]\nfilters=8\nsize=1\nstride=8\n" + "".join(
    f"[route]\nlayers=0\n[maxpool]\nsize={n}\nstride={n}\n" for n in (2, 4)
)


@pytest.fixture
def head(net) -> Callable[..., tuple[Network, Head]]:
    """Return a function that makes a network with a [yolox], and its head for given maps."""

    def make(maps: list[np.ndarray], options: str = "") -> tuple[Network, Head]:
        text = f"{MAPS}[yolox]\nlayers=0,2,4\nclasses=3\n{options}"
        network = net(text, h=HEIGHT, w=WIDTH)
        inputs = [torch.from_numpy(one.copy()).requires_grad_() for one in maps]
        return network, Head.of(network.nodes[-1], inputs, network.stack[-1](*inputs))

    return make


def truth_rows(boxes: np.ndarray) -> Tensor:
    """Return the official form, class and a box in pixels, as ours."""
    scaled = boxes[:, :, 1:] / np.array([WIDTH, HEIGHT] * 2, np.float32)
    return torch.from_numpy(np.concatenate([scaled, boxes[:, :, :1]], 2))


def loss_of(network: Network, one: Head, truth: Tensor) -> ScalarLoss:
    """Return the loss of a head."""
    [loss] = losses_of([one], inputs_of(truth, network.input))
    assert isinstance(loss, ScalarLoss)
    return loss


@pytest.mark.parametrize("name", CASES)
def test_its_cost_and_gradients_are_the_official_ones(head, name):
    maps, truth = CASES[name]
    network, one = head(maps, "l1=1\n" if name.endswith("l1") else "")

    loss = loss_of(network, one, truth_rows(truth))
    loss.cost.backward()

    total = RECORDED[f"{name}.terms"][0]
    assert loss.cost.item() == pytest.approx(2 * total, rel=1e-5)  # of a mini-batch of 2 images
    for level, x in enumerate(one.inputs):
        wanted = torch.from_numpy(RECORDED[f"{name}.gradient.{level}"])
        torch.testing.assert_close(x.grad, 2 * wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_each_of_its_terms_is_the_official_one(head, name):
    maps, truth = CASES[name]
    network, one = head(maps, "l1=1\n" if name.endswith("l1") else "")
    layer, inputs = one.node.layer, inputs_of(truth_rows(truth), network.input)

    found = Predicted.of(one, (WIDTH, HEIGHT))
    true = truth_of(layer, inputs, (WIDTH, HEIGHT), torch.device("cpu"))
    assigned = assign(found.candidates(), true, Rule())
    sums = weighted_sums(layer, found, true, assigned)

    assert [one.item() / max(len(assigned.place), 1) for one in sums] == pytest.approx(
        RECORDED[f"{name}.terms"][1:].tolist(), rel=1e-5
    )


def test_its_boxes_are_the_official_ones(head):
    _, one = head(CASES["boxes"][0])

    found = one.activated[:, :, 0].transpose(1, 2) * torch.tensor(
        [WIDTH, HEIGHT] * 2 + [1] * 4  # boxes are in 0..1 of the input, the official in pixels
    )

    torch.testing.assert_close(found, torch.from_numpy(RECORDED["decoded"]), rtol=1e-5, atol=1e-5)


def test_its_line_has_the_words_of_the_forks(head):
    maps, truth = CASES["boxes"]
    network, one = head(maps)

    loss = loss_of(network, one, truth_rows(truth))

    total, boxes, objects, classes, _ = RECORDED["boxes.terms"]
    found = re.fullmatch(
        r"Yolox 5 Avg \(IOU: (\S+)\), count: (\d+), class_loss = (\S+), iou_loss = (\S+),"
        r" total_loss = (\S+) ",
        loss.line(),
    )
    assert found
    assert loss.on_stderr
    figures = [float(word) for word in found.groups()]
    assert 0 < figures[0] < 1
    assert figures[1:] == pytest.approx([COUNT, objects + classes, boxes, total], rel=1e-5)


@pytest.mark.parametrize(
    ("option", "measure"),
    [("iou2", 0.25), ("iou", 0.5), ("giou", 0.5), ("diou", 0.5), ("ciou", 0.5)],
)
def test_its_term_of_boxes_is_what_the_option_says(head, option, measure):
    maps = [np.full((1, 8, n, m), -9, np.float32) for n, m in ((8, 12), (4, 6), (2, 3))]
    maps[0][0, :4, 4, 5] = (0.5, 0.5, np.log(2), np.log(4))  # 16 x 32 in the middle of a cell
    network, one = head(
        maps, f"iou_loss={option}\ncandidates=1\nobj_normalizer=0\ncls_normalizer=0\n"
    )
    truth = rows([(44 / WIDTH, 36 / HEIGHT, 16 / WIDTH, 16 / HEIGHT, 1)])

    cost = loss_of(network, one, truth).cost

    if option != "ciou":  # which has a term for sides of another ratio
        assert cost.item() == pytest.approx(5 * (1 - measure), rel=1e-5)
    else:
        assert cost.item() > 5 * (1 - measure)


def test_its_line_has_the_overlap_of_a_lone_box(head):
    maps = [np.full((1, 8, n, m), -9, np.float32) for n, m in ((8, 12), (4, 6), (2, 3))]
    maps[0][0, :4, 4, 5] = (0.5, 0.5, np.log(2), np.log(4))  # 16 x 32 where 16 x 16 is true
    truth = rows([(44 / WIDTH, 36 / HEIGHT, 16 / WIDTH, 16 / HEIGHT, 1)])

    line = loss_of(*head(maps, "candidates=1\n"), truth).line()

    assert "(IOU: 0.500000), count: 1," in line


@pytest.mark.parametrize("name", [name for name in CASES if name.endswith("l1")])
def test_the_distance_counts_in_its_line(head, name):
    maps, truth = CASES[name]

    line = loss_of(*head(maps, "l1=1\n"), truth_rows(truth)).line()

    total, boxes, _, _, distance = RECORDED[f"{name}.terms"]
    found = re.search(r"iou_loss = (\S+), total_loss = (\S+) ", line)
    assert found
    assert [float(word) for word in found.groups()] == pytest.approx(
        [boxes + distance, total], rel=1e-5
    )


@pytest.mark.parametrize(("options", "count"), [("", 2), ("candidates=1\n", 1)])
def test_so_many_candidates_count_toward_the_cells_of_a_box(head, options, count):
    maps = [np.full((1, 8, n, m), -9, np.float32) for n, m in ((8, 12), (4, 6), (2, 3))]
    maps[0][0, :4, 4, 4] = (1.5, 0.5, np.log(2), np.log(4))  # two cells predict the true box
    maps[0][0, :4, 4, 5] = (0.5, 0.5, np.log(2), np.log(4))
    truth = rows([(44 / WIDTH, 36 / HEIGHT, 16 / WIDTH, 32 / HEIGHT, 1)])

    assert f"(IOU: 1.000000), count: {count}," in loss_of(*head(maps, options), truth).line()


def test_overlaps_have_a_weight_in_the_assignment(head):
    maps, truth = CASES["boxes"]

    plain, none = (
        loss_of(*head(maps, options), truth_rows(truth)).cost.item()
        for options in ("", "simota_iou=0\n")
    )

    assert plain != pytest.approx(none)


def test_a_wider_radius_lets_more_cells_compete(head):
    maps, truth = CASES["boxes"]
    narrow, wide = (
        loss_of(*head(maps, f"radius={radius}\n"), truth_rows(truth)).cost for radius in (0.6, 3)
    )

    assert narrow.item() != pytest.approx(wide.item())


def test_boxes_of_a_class_that_it_has_not_count_for_nothing(head):
    maps, _ = CASES["none"]
    network, one = head(maps)
    elsewhere = rows([(0.5, 0.5, 0.2, 0.2, 3)], [])

    loss = loss_of(network, one, elsewhere)

    assert loss.cost.item() == pytest.approx(2 * RECORDED["none.terms"][0], rel=1e-5)


def entries_and_targets(level: int) -> tuple[Tensor, Tensor]:
    """Return a map's entries and the official targets, float64 [2, 8, h, w].

    The official gradient of a logistic is its value less its target, divided by the count.
    """
    raw = torch.from_numpy(CASES["boxes"][0][level]).double()
    slope = torch.from_numpy(RECORDED[f"boxes.gradient.{level}"]).double()
    return raw, raw.sigmoid() - COUNT * slope


@pytest.mark.parametrize("level", range(3))
@pytest.mark.parametrize("eps", [0.0, 0.2])
@pytest.mark.parametrize(("options", "alpha"), [("focal_gamma=2", 0.25), ("focal_alpha=.6", 0.6)])
def test_focal_loss_of_objectness_and_smooth_classes_is_the_papers(
    head, options, alpha, eps, level
):
    maps, truth = CASES["boxes"]
    network, one = head(maps, f"{options}\nlabel_smooth_eps={eps}\niou_normalizer=0\n")

    loss_of(network, one, truth_rows(truth)).cost.backward()

    raw, target = entries_and_targets(level)
    assigned = target[:, 4:5] > 0.5
    target[:, 5:] = target[:, 5:] * (1 - eps) + eps / 2
    wanted = 2 * focal_slope(raw, target, alpha, 2) / COUNT  # of a mini-batch of 2 images
    wanted[:, 5:] *= assigned  # the others learn no class
    torch.testing.assert_close(
        one.inputs[level].grad[:, 4:].double(), wanted[:, 4:], rtol=1e-3, atol=2e-6
    )


def test_without_focal_loss_classes_can_be_smooth(head):
    maps, truth = CASES["boxes"]
    network, one = head(maps, "label_smooth_eps=.2\n")

    loss_of(network, one, truth_rows(truth)).cost.backward()

    raw, target = entries_and_targets(1)
    smooth = (target[:, 5:] * 0.8 + 0.1) * (target[:, 4:5] > 0.5)
    wanted = 2 * (raw[:, 5:].sigmoid() * (target[:, 4:5] > 0.5) - smooth) / COUNT
    torch.testing.assert_close(one.inputs[1].grad[:, 5:].double(), wanted, rtol=1e-3, atol=2e-6)
