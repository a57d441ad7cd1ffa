"""How much boxes overlap in four ways, and the steps that make them overlap more."""

from __future__ import annotations

from math import atan, pi

import pytest
import torch

from pydarknet.training.losses.iou import IOUS, Box


def box(x, y, w, h):
    """Return one box."""
    return Box(*torch.tensor([x, y, w, h]))


HALF = box(0.25, 0.5, 0.5, 1.0)  # the left half
WHOLE = box(0.5, 0.5, 1.0, 1.0)
QUARTERS = box(0.125, 0.5, 0.25, 1.0), box(0.875, 0.5, 0.25, 1.0)  # left and right: disjoint
NOTHING = box(0.5, 0.5, 0.0, 0.0)


@pytest.mark.parametrize(
    ("kind", "halves", "apart"),
    [
        ("iou", 0.5, 0),
        ("giou", 0.5, -0.5),  # half of the hull is empty
        ("mse", 0.5, 0),
        ("diou", 0.5 - (0.0625 / 2) ** 0.6, -((0.5625 / 2) ** 0.6)),
    ],
)
def test_kinds_differ_by_what_they_take_away(kind, halves, apart):
    assert float(IOUS[kind](HALF, WHOLE)) == pytest.approx(halves)
    assert float(IOUS[kind](*QUARTERS)) == pytest.approx(apart)


def test_ciou_takes_unlike_proportions_away_the_more_the_better_boxes_overlap():
    unlike = 4 / pi**2 * (atan(1) - atan(0.5)) ** 2
    weight = unlike / (1 - 0.5 + unlike + 1e-6)

    expected = 0.5 - 0.0625 / 2 - weight * unlike
    assert float(IOUS["ciou"](HALF, WHOLE)) == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["iou", "giou", "diou"])
def test_boxes_without_area_overlap_nothing(kind):
    assert float(IOUS[kind](NOTHING, NOTHING)) == 0


def test_what_is_no_number_overlaps_nothing():
    assert float(IOUS["iou"](box(float("nan"), 0.5, 0.5, 0.5), WHOLE)) == 0
