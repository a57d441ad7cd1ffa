"""The steps that make boxes overlap more."""

from __future__ import annotations

from math import atan, pi

import pytest
import torch

from pydarknet.training.losses.iou import Box
from pydarknet.training.losses.iou_gradients import overlap_delta


def box(x, y, w, h):
    """Return one box."""
    return Box(*torch.tensor([x, y, w, h]))


HALF = box(0.25, 0.5, 0.5, 1.0)  # the left half


WHOLE = box(0.5, 0.5, 1.0, 1.0)


QUARTERS = box(0.125, 0.5, 0.25, 1.0), box(0.875, 0.5, 0.25, 1.0)  # left and right: disjoint


@pytest.mark.parametrize(
    ("kind", "x"),
    [
        ("iou", 0),
        ("giou", 0),  # the hull is the truth whichever way the box grows
        ("diou", 0.1),  # the distance over the squared diagonal 2 falls by 2 * .1 / 2
    ],
)
def test_a_box_inside_the_truth_grows_at_all_edges(kind, x):
    step = overlap_delta(kind, box(0.4, 0.5, 0.5, 0.5), WHOLE)

    # the shared area grows by .5 with each edge, the union 1 does not: .5 + .5 for a side
    assert [round(float(part), 6) for part in step] == [x, 0, 1, 1]


def test_the_square_of_iou_grows_by_twice_the_iou_times_its_step():
    step = overlap_delta("iou2", box(0.4, 0.5, 0.5, 0.5), WHOLE)

    # IoU is .25, and its step 1 for each side: 2 * .25 * 1
    assert [round(float(part), 6) for part in step] == [0, 0, 0.5, 0.5]


def test_the_square_of_iou_does_not_draw_disjoint_boxes():
    assert [float(part) for part in overlap_delta("iou2", *QUARTERS)] == [0, 0, 0, 0]


def test_ciou_pulls_sides_toward_the_truths_proportions():
    angle = atan(1) - atan(0.5)
    unlike = 4 / pi**2 * angle**2
    pull = unlike / (1 - 0.5 + unlike + 1e-6) * 8 / pi**2 * angle

    plain, step = overlap_delta("diou", HALF, WHOLE), overlap_delta("ciou", HALF, WHOLE)

    assert float(step.w - plain.w) == pytest.approx(pull * 1.0, rel=1e-5)  # of the height
    assert float(step.h - plain.h) == pytest.approx(-pull * 0.5, rel=1e-5)  # of the width


@pytest.mark.parametrize("kind", ["diou", "ciou"])
def test_disjoint_boxes_only_come_nearer(kind):
    step = overlap_delta(kind, *QUARTERS)

    # hull 1 x 1, Q = 2, S = .75^2; x: (2 * .75 * Q - 2 * 1 * -1 * S) / Q^2, w: S / Q^2
    assert float(step.x) == pytest.approx((2 * 0.75 * 2 + 2 * 0.5625) / 4)
    assert float(step.w) == pytest.approx(0.5625 / 4)


def test_the_union_grows_beyond_itself_where_two_gaps_multiply():
    down_right = box(0.875, 0.875, 0.25, 0.25)

    step = overlap_delta("iou", box(0.125, 0.125, 0.25, 0.25), down_right)

    # gaps of -.5 and -.5 count as a shared area of .25; the union is .0625 + .0625 - .25 < 0
    assert float(step.x) == 0


def test_a_predicted_side_of_0_counts_as_the_whole_image():
    assert overlap_delta("iou", box(0.5, 0.5, 0.0, 0.5), WHOLE) == overlap_delta(
        "iou", box(0.5, 0.5, 1.0, 0.5), WHOLE
    )
