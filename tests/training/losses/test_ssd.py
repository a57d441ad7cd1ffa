"""The loss of [ssd] is torchvision's, as scripts/record_anchor_heads.py recorded it."""

from __future__ import annotations

import pytest
import record_anchor_heads as recorder
import torch
from anchor_heads import SSD, check_loss, loss_of, truth_rows

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
