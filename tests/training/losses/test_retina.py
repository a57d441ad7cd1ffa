"""The loss of [retina] is torchvision's, as scripts/record_anchor_heads.py recorded it."""

from __future__ import annotations

import pytest
import record_anchor_heads as recorder
import torch
from anchor_heads import RETINA, check_loss, loss_of, truth_rows

from pydarknet.training.losses.retina import focal_loss


@pytest.mark.parametrize("name", recorder.CASES)
def test_cost_and_gradients_are_those_of_there(net, name):
    check_loss(net, RETINA, name)


def test_each_option_weighs_its_term(net):
    maps, truth = RETINA.cases["boxes"]
    found = [
        loss_of(*RETINA.head(net, maps, options), truth_rows(truth)).cost.item()
        for options in ("cls_normalizer=3\niou_normalizer=0\n", "cls_normalizer=0\n")
    ]

    classes, boxes = RETINA.recorded["boxes.terms"]
    assert found == pytest.approx([2 * 3 * classes, 2 * boxes], rel=1e-5)


def test_focal_loss_without_its_powers_is_half_the_entropy():
    scores = torch.tensor([-2.0, 0.0, 3.0])
    wanted = torch.tensor([1.0, 0.0, 1.0])
    entropy = -(wanted * scores.sigmoid().log() + (1 - wanted) * (-scores).sigmoid().log())

    torch.testing.assert_close(focal_loss(scores, wanted, 0.5, 0.0), entropy / 2)
