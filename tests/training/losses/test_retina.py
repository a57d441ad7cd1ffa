"""The loss of [retina] is torchvision's, as scripts/record_anchor_heads.py recorded it."""

from __future__ import annotations

import pytest
import record_anchor_heads as recorder
from anchor_heads import RETINA, check_loss, loss_of, truth_rows


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
