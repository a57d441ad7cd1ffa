"""How much boxes overlap in four ways, and the steps that make them overlap more."""

from __future__ import annotations

from math import atan, pi

import numpy as np
import pytest
import torch

from pydarknet.training.losses.iou import IOUS, Box, aspect_weight


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


def test_small_boxes_whose_union_rounds_to_0_overlap_nothing():
    unit = 2.0**-24  # the distance of numbers beyond .5: each edge is a whole one off the centre
    small = box(0.75, 0.75, 1.25 * unit, 1.6 * unit)

    # shared 2 x 2 units, each of area 1.25 x 1.6 = 2: box_iou of the fork says 0 if the union is
    assert float(IOUS["iou"](small, small)) == 0


def test_what_is_no_number_overlaps_nothing():
    assert float(IOUS["iou"](box(float("nan"), 0.5, 0.5, 0.5), WHOLE)) == 0


def pairs() -> tuple[np.ndarray, np.ndarray]:
    """Return two lists of boxes [64, 4], of which some meet in both directions, some in none."""
    chance = np.random.default_rng(3)
    centres, sides = chance.uniform(0.2, 0.8, (2, 64, 2)), chance.uniform(0.05, 0.6, (2, 64, 2))
    return tuple(np.concatenate([centres, sides], 2))


def taken_away(kind: str, a: np.ndarray, b: np.ndarray) -> float:
    """Return what a kind takes from the IoU of two boxes, as the papers of GIoU and DIoU have it.

    The distance is to the power 0.6 as in the fork.
    """
    (left, top), (right, bottom) = (
        choose(a[:2] + way * a[2:] / 2, b[:2] + way * b[2:] / 2)
        for choose, way in ((np.minimum, -1), (np.maximum, 1))
    )
    hull, shared = (right - left) * (bottom - top), plain_iou(a, b)
    union = (a[2] * a[3] + b[2] * b[3]) / (1 + shared)  # I = IoU * U, and I + U is all area
    distance = ((a[:2] - b[:2]) ** 2).sum() / ((right - left) ** 2 + (bottom - top) ** 2)
    unlike = 4 / pi**2 * (atan(b[2] / b[3]) - atan(a[2] / a[3])) ** 2
    return {
        "iou": 0.0,
        "giou": (hull - union) / hull,
        "diou": distance**0.6,
        "ciou": distance + unlike**2 / (1 - shared + unlike + 1e-6),
    }[kind]


def plain_iou(a: np.ndarray, b: np.ndarray) -> float:
    """Return intersection over union."""
    least, most = (
        np.maximum(a[:2] - a[2:] / 2, b[:2] - b[2:] / 2),
        np.minimum(a[:2] + a[2:] / 2, b[:2] + b[2:] / 2),
    )
    shared = np.prod(np.maximum(most - least, 0))
    return float(shared / (a[2] * a[3] + b[2] * b[3] - shared))


@pytest.mark.parametrize("kind", ["iou", "giou", "diou", "ciou"])
def test_boxes_anywhere_overlap_as_the_papers_say(kind):
    ours, theirs = pairs()
    expected = [plain_iou(a, b) - taken_away(kind, a, b) for a, b in zip(ours, theirs, strict=True)]

    found = IOUS[kind](*(Box(*torch.from_numpy(one).unbind(1)) for one in (ours, theirs)))

    assert sum(plain_iou(a, b) > 0 for a, b in zip(ours, theirs, strict=True)) > 16
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))


def test_ciou_of_boxes_that_are_one_point_is_nothing():
    assert float(IOUS["ciou"](NOTHING, NOTHING)) == 0


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (box(0.5, 0.25, 0.0, 0.5), box(0.5, 0.5, 0.0, 1.0)),  # lines, one upon the other
        (box(0.25, 0.5, 0.5, 0.0), box(0.5, 0.5, 1.0, 0.0)),
    ],
)
def test_ciou_of_lines_takes_their_distance_away(a, b):
    # .25 of a hull of 1: .0625; the lines' proportions are alike
    assert float(IOUS["ciou"](a, b)) == pytest.approx(-0.0625)


@pytest.mark.parametrize("overlap", [0.0, 0.5, 1.0])
def test_a_small_term_keeps_the_weight_of_equal_proportions_from_0_by_0(overlap):
    assert float(aspect_weight(torch.tensor(0.0), torch.tensor(overlap))) == 0
