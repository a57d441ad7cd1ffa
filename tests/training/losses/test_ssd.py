"""The loss of [ssd] is torchvision's, as scripts/record_anchor_heads.py recorded it."""

from __future__ import annotations

import numpy as np
import pytest
import record_anchor_heads as recorder
import torch
from anchor_heads import HEIGHT, SSD, WIDTH, check_loss, loss_of, truth_rows
from loss_cases import inputs_of, rows

from pydarknet.training.losses.anchor_match import Learned
from pydarknet.training.losses.ssd import hardest


@pytest.mark.parametrize("name", recorder.CASES)
def test_cost_and_gradients_are_those_of_there(net, name):
    check_loss(net, SSD, name)


def test_the_hardest_are_chosen_image_by_image():
    entropy = torch.tensor([[5.0, 1.0, 4.0, 3.0, 2.0], [1.0, 2.0, 3.0, 4.0, 5.0]])
    positive = torch.tensor([[True, False, False, False, False], [False] * 5])

    chosen = hardest(entropy, positive, 2)

    assert chosen.tolist() == [[False, False, True, True, False], [False] * 5]


def test_without_a_ratio_all_default_boxes_count(net):
    maps, truth = SSD.cases["boxes"]
    some, every = (
        loss_of(*SSD.head(net, maps, f"neg_ratio={n}\n"), truth_rows(truth)).cost for n in (3, 0)
    )
    most = loss_of(*SSD.head(net, maps, "neg_ratio=1000\n"), truth_rows(truth)).cost

    assert every > some
    assert every.item() == pytest.approx(most.item())


TINY = rows([(0.5, 0.5, 0.5 / WIDTH, 0.5 / HEIGHT, 1)], [])  # which one default box learns


def test_the_cost_is_divided_by_the_number_of_default_boxes_that_learn(net):
    maps = [np.zeros_like(one) for one in SSD.cases["none"].maps]

    cost = loss_of(*SSD.head(net, maps, "iou_normalizer=0\n"), TINY).cost

    # of equal scores of the background and three classes, ln 4: of that box and of three others
    assert cost.item() == pytest.approx(2 * 4 * np.log(4), rel=1e-5)


def test_the_distance_of_boxes_is_what_the_option_says(net):
    maps = [np.zeros_like(one) for one in SSD.cases["none"].maps]
    network, head = SSD.head(net, maps, "cls_normalizer=0\niou_loss=iou\n")

    cost = loss_of(network, head, TINY).cost

    [place] = Learned.of(head, inputs_of(TINY, network.input)).place.tolist()
    left, top, right, bottom = SSD.recorded["anchors"][place]
    assert cost.item() == pytest.approx(2 * (1 - 0.25 / (right - left) / (bottom - top)), rel=1e-5)
