"""Which anchors learn which boxes is as in torchvision, and so is what they learn."""

from __future__ import annotations

import numpy as np
import pytest
import record_anchor_heads as recorder
import torch
from anchor_heads import HEIGHT, KINDS, RETINA, SSD, WIDTH, loss_of, truth_rows
from loss_cases import inputs_of, rows
from overlaps import iou_step_by_step

from pydarknet.boxes.map_anchors import MatchRule
from pydarknet.training.losses import anchor_match
from pydarknet.training.losses.anchor_match import (
    BACKGROUND,
    IGNORED,
    Learned,
    match,
    matched_anchors,
)
from pydarknet.training.losses.iou import Box

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
each_case = pytest.mark.parametrize("name", recorder.CASES)


@each_kind
@each_case
@pytest.mark.parametrize("pairs", [anchor_match.PAIRS, 500])
def test_anchors_learn_the_boxes_that_they_learn_there(net, kind, name, pairs, monkeypatch):
    monkeypatch.setattr(anchor_match, "PAIRS", pairs)
    maps, truth = kind.cases[name]
    network, head = kind.head(net, maps)

    inputs = inputs_of(truth_rows(truth), network.input)
    learned = Learned.of(head, inputs)

    assert learned.matched.tolist() == kind.recorded[f"{name}.matched"].tolist()


def boxes(*listed: tuple[float, float, float, float]) -> Box:
    """Return boxes by centre and sides."""
    return Box(*torch.tensor(listed, dtype=torch.float32).view(-1, 4).T)


def test_between_both_thresholds_nothing_is_learned():
    heights = (10, 5, 4.5, 2.5, 2)  # tenths of the overlap; from a threshold on it is reached
    anchors = boxes(*((5, 5, 10, height) for height in heights), (50, 50, 10, 10))

    matched = match(boxes((5, 5, 10, 10)), anchors, MatchRule(fg=0.5, bg=0.25))

    assert matched.tolist() == [0, 0, IGNORED, IGNORED, BACKGROUND, BACKGROUND]


def test_all_anchors_that_are_as_good_as_the_best_learn_a_box_of_low_quality():
    anchors = boxes((0, 0, 10, 10), (10, 0, 10, 10), (50, 50, 10, 10))
    true = boxes((5, 0, 2, 2))  # half in each of two anchors

    by_all = match(true, anchors, MatchRule(fg=0.5, bg=0.4, low_quality=True))
    by_one = match(true, anchors, MatchRule(fg=0.5, bg=0.5, forced=True))

    assert by_all.tolist() == [0, 0, BACKGROUND]
    assert by_one.tolist() == [0, BACKGROUND, BACKGROUND]


def test_a_box_that_no_anchor_overlaps_is_learned_by_none():
    anchors = boxes((0, 0, 10, 10), (10, 0, 10, 10))
    rule = MatchRule(fg=0.5, bg=0.4, low_quality=True)

    assert match(boxes((100, 100, 5, 5)), anchors, rule).tolist() == [BACKGROUND, BACKGROUND]


@each_kind
def test_boxes_without_an_area_or_of_another_class_count_for_nothing(net, kind):
    maps, _ = kind.cases["none"]
    network, head = kind.head(net, maps)
    flat = rows([(0.5, 0.5, 0.0, 0.2, 1), (0.5, 0.5, 0.2, 0.0, 1)], [(0.5, 0.5, 0.2, 0.2, 9)])

    loss = loss_of(network, head, flat)

    expected = 2 * kind.recorded["none.terms"].sum()
    assert loss.cost.item() == pytest.approx(expected, rel=1e-5)


@each_kind
def test_a_box_smaller_than_a_pixel_is_learned_by_its_best_anchors(net, kind):
    network, head = kind.head(net, [np.zeros_like(one) for one in kind.cases["none"].maps])
    tiny = rows([(0.5, 0.5, 0.5 / WIDTH, 0.5 / HEIGHT, 1)], [])

    learned = Learned.of(head, inputs_of(tiny, network.input))

    first, last = np.split(kind.recorded["anchors"][learned.place.numpy()], 2, 1)
    shares = 0.5 * 0.5 / (last - first).prod(1)  # it lies in each of them
    assert len(shares) > 0
    assert learned.overlap().item() == pytest.approx(shares.mean(), rel=1e-4)


@pytest.mark.parametrize(
    ("option", "far"),
    [("l1", 0.5), ("smooth_l1", 0.125), ("iou", 0.2), ("iou2", 0.36), ("giou", 0.2)],
)
def test_the_distance_of_a_box_is_what_the_option_says(net, option, far):
    """An anchor of 16 x 16 learns a box of 16 x 20 at its place, and gives its own sides."""
    maps = [np.zeros_like(one) for one in RETINA.cases["none"].maps]
    maps[0][0, 4 * 1 + 3, 2, 3] = np.log(20 / 16) - 0.5 if "l1" in option else 0
    network, head = RETINA.head(net, maps, f"iou_loss={option}\ncls_normalizer=0\nfg=0.75\n")
    truth = rows([(24 / WIDTH, 16 / HEIGHT, 16 / WIDTH, 20 / HEIGHT, 1)], [])

    cost = loss_of(network, head, truth).cost

    assert cost.item() == pytest.approx(far, rel=1e-5)


@pytest.mark.parametrize(
    ("kind", "weights"), [(RETINA, (1, 1, 1, 1)), (SSD, (10, 10, 5, 5))], ids=["retina", "ssd"]
)
def test_the_overlap_is_the_mean_of_the_decoded_boxes(net, kind, weights):
    maps, truth = kind.cases["boxes"]
    network, head = kind.head(net, maps)

    learned = Learned.of(head, inputs_of(truth_rows(truth), network.input))

    matched = kind.recorded["boxes.matched"]
    image, place = (matched >= 0).nonzero()
    first, last = np.split(kind.recorded["anchors"][place], 2, 1)
    deltas = learned.deltas.detach().numpy()[image, :, place] / np.float32(weights)
    centres = (first + last) / 2 + deltas[:, :2] * (last - first)
    found = np.concatenate([centres, (last - first) * np.exp(deltas[:, 2:])], 1)
    pairs = zip(found, truth[image, matched[image, place], 1:], strict=True)
    expected = np.mean([iou_step_by_step(*pair) for pair in pairs])
    assert learned.overlap().item() == pytest.approx(expected, rel=1e-5)


@each_kind
def test_the_anchors_that_learn_can_be_shown(net, kind):
    maps, truth = kind.cases["boxes"]
    network, head = kind.head(net, maps)

    shown = matched_anchors(head.node, inputs_of(truth_rows(truth), network.input))

    size = np.array([WIDTH, HEIGHT] * 2)
    for image, (name, classes, boxes, *_) in enumerate(shown):
        matched = kind.recorded["boxes.matched"][image]
        left, top, right, bottom = kind.recorded["anchors"][matched >= 0].T
        expected = np.stack([left + right, top + bottom, 2 * (right - left), 2 * (bottom - top)], 1)
        np.testing.assert_allclose(boxes * size, expected / 2, atol=1e-3)
        assert classes.tolist() == truth[image, matched[matched >= 0], 0].tolist()
        assert name == "anchors"
