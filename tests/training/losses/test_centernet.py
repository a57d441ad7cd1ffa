"""The loss of [centernet] is the official one, as scripts/record_centernet.py recorded it."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
import record_centernet
import torch
from conftest import HERE
from loss_cases import inputs_of, rows
from torch import Tensor

from pydarknet.errors import CfgError
from pydarknet.graph.head import Head
from pydarknet.network import Network
from pydarknet.training import ScalarLoss, losses_of
from pydarknet.training.losses.centernet import Objects, heat_of_images, radius_of
from pydarknet.training.losses.targets import ground_truth_of

RECORDED = np.load(HERE / "reference" / "centernet" / "losses.npz")
CASES = {name: (maps, truth) for name, maps, truth in record_centernet.loss_cases()}
CLASSES = record_centernet.CLASSES
WIDTH, HEIGHT = record_centernet.SIZE
CFG = "[convolutional]\nfilters=7\nsize=1\nstride=4\n[centernet]\nclasses=3\n"


@pytest.fixture
def head(net) -> Callable[..., tuple[Network, Head]]:
    """Return a function that makes a network with a [centernet], and its head for given maps."""

    def make(maps: list[np.ndarray], options: str = "") -> tuple[Network, Head]:
        network = net(f"{CFG}{options}", h=HEIGHT, w=WIDTH)
        x = torch.from_numpy(np.concatenate(maps, 1)).requires_grad_()
        return network, Head.of(network.nodes[-1], [x], network.stack[-1](x))

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
    network, one = head(maps)

    loss = loss_of(network, one, truth_rows(truth))
    loss.cost.backward()

    total = RECORDED[f"{name}.terms"][0]
    assert loss.cost.item() == pytest.approx(2 * total, rel=1e-5)  # of a mini-batch of 2 images
    for place, part in enumerate(one.raw.grad.split(record_centernet.CHANNELS, 1)):
        wanted = torch.from_numpy(RECORDED[f"{name}.gradient.{place}"])
        torch.testing.assert_close(part, 2 * wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_its_targets_of_heat_are_the_official_ones(head, name):
    maps, truth = CASES[name]
    network, one = head(maps)
    rows = ground_truth_of(
        inputs_of(truth_rows(truth), network.input), one.node.layer, CLASSES, most=200
    )

    found = Objects.of(rows, WIDTH // 4, HEIGHT // 4).heat(torch.Size(maps[0].shape), 0.7)

    wanted = torch.from_numpy(RECORDED[f"{name}.heat"])
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-6)
    assert torch.equal(found == 1, wanted == 1)


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("name", CASES)
def test_each_of_its_terms_is_the_official_one(head, name, place):
    maps, truth = CASES[name]
    weights = ("cls_normalizer", "iou_normalizer", "offset_normalizer")
    options = "".join(f"{one}={int(place == n)}\n" for n, one in enumerate(weights))

    cost = loss_of(*head(maps, options), truth_rows(truth)).cost

    assert cost.item() == pytest.approx(2 * RECORDED[f"{name}.terms"][1 + place], rel=1e-5)


def test_its_line_has_the_words_of_the_forks(head):
    maps, truth = CASES["border"]
    network, one = head(maps)

    loss = loss_of(network, one, truth_rows(truth))

    total, heat, size, offset = RECORDED["border.terms"]
    found = re.fullmatch(
        r"Centernet 1 Avg \(IOU: (\S+)\), count: (\d+), class_loss = (\S+), iou_loss = (\S+),"
        r" total_loss = (\S+) ",
        loss.line(),
    )
    assert found
    assert loss.on_stderr
    figures = [float(word) for word in found.groups()]
    assert 0 < figures[0] < 1
    # of eight boxes one lies in the last row of cells, one in the last column
    assert figures[1:] == pytest.approx([6, heat, 0.1 * size + offset, total], rel=1e-5)


def test_its_line_has_the_overlap_of_a_lone_box(head):
    maps = [np.zeros((1, c, 16, 32), np.float32) for c in record_centernet.CHANNELS]
    maps[1][:] = 2  # all boxes are two cells wide and high, with their centre in a cell's corner
    network, one = head(maps)

    loss = loss_of(network, one, rows([(0.5, 0.5, 8 / WIDTH, 8 / HEIGHT, 1)]))

    assert "(IOU: 1.000000), count: 1," in loss.line()


def test_its_heat_can_be_shown(head):
    maps, truth = CASES["boxes"]
    network, one = head(maps)

    shown = heat_of_images(one.node, inputs_of(truth_rows(truth), network.input))

    np.testing.assert_allclose(
        [picture.heat for picture in shown], RECORDED["boxes.heat"].max(1), atol=1e-6
    )
    assert [picture.name for picture in shown] == ["heat", "heat"]
    assert (shown[0].classes.shape, shown[0].boxes.shape) == ((0,), (0, 4))
    assert (shown[0].classes.dtype, shown[0].boxes.dtype) == (np.int64, np.float32)


def test_as_many_boxes_as_max_says_are_learned_and_shown(head):
    maps, truth = CASES["boxes"]
    cases = [("max=1\n", truth), ("", truth[:, :1]), ("", truth)]
    heads = [(*head(maps, options), truth_rows(some)) for options, some in cases]

    one, first, every = (loss_of(network, *rest).cost.item() for network, *rest in heads)
    shown = [heat_of_images(it.node, inputs_of(some, net.input))[0].heat for net, it, some in heads]

    assert one == first != every
    assert shown[0].tolist() == shown[1].tolist() != shown[2].tolist()


def test_boxes_without_a_class_are_refused(head):
    network, one = head(CASES["boxes"][0])
    truth = rows([(0.5, 0.5, 0.2, 0.2)], width=4)

    with pytest.raises(CfgError, match=r"\[centernet\] reads ground truth of 5 numbers per box"):
        loss_of(network, one, truth)
    with pytest.raises(CfgError, match=r"\[centernet\] reads ground truth of 5 numbers per box"):
        heat_of_images(one.node, inputs_of(truth, network.input))


def radii(width: int, height: int) -> list[float]:
    """Return the three radii of CornerNet's code, written out: roots over 2 in place of 2 a."""
    t, total, area = 0.7, width + height, width * height
    return [
        (total + (total**2 - 4 * area * (1 - t) / (1 + t)) ** 0.5) / 2,
        (2 * total + (4 * total**2 - 16 * (1 - t) * area) ** 0.5) / 2,
        (-2 * t * total + (4 * t**2 * total**2 + 16 * t * (1 - t) * area) ** 0.5) / 2,
    ]


def test_a_radius_is_the_least_of_three():
    sizes = [(w, h) for w in range(1, 60) for h in (1, 2, 7, 30, 128)]

    found = radius_of(torch.tensor(sizes), 0.7)

    assert found.tolist() == [int(min(radii(w, h))) for w, h in sizes]


@pytest.mark.parametrize(
    ("option", "cost"),
    [
        # p is .5 in all 512 cells of three classes; one is a centre, the others are far from it
        ("", 0.25 + 1535 * 0.25),
        ("focal_alpha=1\n", 0.5 + 1535 * 0.5),
        ("focal_alpha=0\n", 1 + 1535),
        ("focal_beta=0\n", 0.25 + 1535 * 0.25),
    ],
)
def test_the_focal_loss_has_its_exponents(head, option, cost):
    maps = [np.zeros((1, c, 16, 32), np.float32) for c in record_centernet.CHANNELS]
    network, one = head(maps, f"{option}iou_normalizer=0\noffset_normalizer=0\n")
    truth = rows([(0.5, 0.5, 4 / WIDTH, 4 / HEIGHT, 1)])  # a cell wide and high: a radius of 0

    loss = loss_of(network, one, truth)

    assert loss.cost.item() == pytest.approx(cost * np.log(2), rel=1e-5)


def test_boxes_of_a_class_that_it_has_not_count_for_nothing(head):
    maps, _ = CASES["none"]
    network, one = head(maps)
    elsewhere = rows([(0.5, 0.5, 0.2, 0.2, 3)], [])

    loss = loss_of(network, one, elsewhere)

    assert loss.cost.item() == pytest.approx(2 * RECORDED["none.terms"][0], rel=1e-5)
