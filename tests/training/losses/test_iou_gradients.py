"""The steps that make boxes overlap more."""

from __future__ import annotations

from collections.abc import Callable
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


# Derivatives, by small steps


def random_pairs() -> tuple[torch.Tensor, torch.Tensor]:
    """Return edges [4, 64] of predictions and truths; a third of the pairs meets nowhere."""
    chance = torch.Generator().manual_seed(5)
    centre, side = (torch.rand(2, 2, 64, generator=chance, dtype=torch.float64) for _ in "ab")
    centre, side = 0.2 + 0.6 * centre, 0.05 + 0.4 * side
    ours, theirs = torch.cat([centre - side / 2, centre + side / 2], 1)
    return ours, theirs


def as_box(edges: torch.Tensor) -> Box:
    """Return boxes, given left, top, right and bottom."""
    left, top, right, bottom = edges
    return Box((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)


def areas(ours: torch.Tensor, theirs: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Return intersection, union, hull, its squared diagonal and the centres' squared distance.

    As in the C, two gaps are multiplied to an area, and one to an area below 0.
    """
    down_right, up_left = torch.minimum(ours[2:], theirs[2:]), torch.maximum(ours[:2], theirs[:2])
    shared = (down_right - up_left).prod(0)
    sides = torch.maximum(ours[2:], theirs[2:]) - torch.minimum(ours[:2], theirs[:2])
    own, other = ((edges[2:] - edges[:2]).prod(0) for edges in (ours, theirs))
    apart = (ours.view(2, 2, -1).mean(0) - theirs.view(2, 2, -1).mean(0)).square().sum(0)
    return shared, own + other - shared, sides.prod(0), sides.square().sum(0), apart


def slopes(
    number: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    ours: torch.Tensor,
    theirs: torch.Tensor,
) -> torch.Tensor:
    """Return by how much a number grows with each edge [4, 64] of the predictions."""
    steps = 1e-6 * torch.eye(4, dtype=torch.float64)[:, :, None]
    return torch.stack(
        [(number(ours + one, theirs) - number(ours - one, theirs)) / 2e-6 for one in steps]
    )


def of_edges(slope: torch.Tensor) -> torch.Tensor:
    """Return the C's deltas of x, y, w and h, which take the whole size for half of it."""
    return torch.cat([slope[:2] + slope[2:], slope[2:] - slope[:2]])


def of_sizes(slope: torch.Tensor) -> torch.Tensor:
    """Return derivatives by x, y, w and h."""
    return torch.cat([slope[:2] + slope[2:], (slope[2:] - slope[:2]) / 2])


def expected_delta(kind: str, ours: torch.Tensor, theirs: torch.Tensor) -> torch.Tensor:
    """Return the deltas of a kind, computed by small steps."""

    def overlap(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        shared, union, *_ = areas(a, b)
        return torch.where(union > 0, shared / union, 0)

    def filling(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return areas(a, b)[1] / areas(a, b)[2]

    def nearness(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return -areas(a, b)[4] / areas(a, b)[3]

    def in_this_hull(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return -areas(a, b)[4] / areas(ours, theirs)[3]

    shared, union, *_ = areas(ours, theirs)
    meet = ((torch.minimum(ours[2:], theirs[2:]) - torch.maximum(ours[:2], theirs[:2])) > 0).all(0)
    plain = of_edges(slopes(overlap, ours, theirs))
    if kind == "iou":
        return plain
    if kind == "iou2":
        return plain * 2 * shared / union * meet
    if kind == "giou":
        return plain * meet + of_edges(slopes(filling, ours, theirs))
    nearer, hull_stays = (of_sizes(slopes(one, ours, theirs)) for one in (nearness, in_this_hull))
    nearer[:2] = 2 * hull_stays[:2] - nearer[:2]  # the C adds there what a growing hull takes away
    return plain * meet + nearer


@pytest.mark.parametrize("kind", ["iou", "iou2", "giou", "diou"])
def test_deltas_of_boxes_anywhere_are_those_of_small_steps(kind):
    ours, theirs = random_pairs()

    found = torch.stack(overlap_delta(kind, as_box(ours), as_box(theirs)))

    torch.testing.assert_close(found, expected_delta(kind, ours, theirs), rtol=1e-6, atol=1e-7)


def test_ciou_adds_a_pull_toward_the_truths_proportions_anywhere():
    ours, theirs = map(as_box, random_pairs())
    shared, union, *_ = areas(*random_pairs())
    angle = torch.atan(theirs.w / theirs.h) - torch.atan(ours.w / ours.h)
    unlike = 4 / pi**2 * angle**2
    pull = unlike / (1 - shared / union + unlike + 1e-6) * 8 / pi**2 * angle

    plain, found = (overlap_delta(kind, ours, theirs) for kind in ("diou", "ciou"))

    torch.testing.assert_close(found.w - plain.w, pull * ours.h)
    torch.testing.assert_close(found.h - plain.h, -pull * ours.w)
    assert torch.equal(found.x, plain.x)
    assert torch.equal(found.y, plain.y)


@pytest.mark.parametrize(("w", "h"), [(0.0, 0.5), (0.5, 0.0)])
@pytest.mark.parametrize("kind", ["iou", "giou", "diou", "ciou"])
def test_either_predicted_side_of_0_counts_as_the_whole_image(kind, w, h):
    step = overlap_delta(kind, box(0.3, 0.4, w, h), HALF)

    assert step == overlap_delta(kind, box(0.3, 0.4, w or 1.0, h or 1.0), HALF)


@pytest.mark.parametrize(
    ("w", "h", "expected"), [(1e-9, 0.5, [0.5 + 0.5, 0]), (0.5, 1e-9, [0, 0.5 + 0.5])]
)
def test_a_side_too_small_for_its_place_has_but_its_later_edge(w, h, expected):
    # 0.5 + 1e-9 / 2 is 0.5 in float32: left is right, whose step is the other side of a whole of 1
    step = overlap_delta("iou", box(0.5, 0.5, w, h), WHOLE)

    assert [round(float(part), 6) for part in (step.x, step.y)] == expected
    assert float(step.w if w < h else step.h) == 0


def test_without_a_union_there_is_no_step():
    down_right = box(0.625, 0.875, 0.25, 0.25)

    step = overlap_delta("iou", box(0.125, 0.125, 0.25, 0.25), down_right)

    # gaps of -.25 and -.5 count as a shared area of .125, which the boxes have together
    assert [float(part) for part in step] == [0, 0, 0, 0]
