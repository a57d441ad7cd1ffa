"""Which boxes of two programs are the same, and how far they are apart."""

from __future__ import annotations

import numpy as np
import pytest

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.compare.objects import Allowed, Objects, match, nearest_pairs, overlaps

ALLOWED = Allowed(0.01, 0.01)
SQUARE = (0.2, 0.2, 0.6, 0.6)


def objects(*rows: tuple[int, float, float, float, float, float]) -> Objects:
    return Objects.of_rows(list(rows))


def test_boxes_become_a_row_for_each_class_with_a_probability():
    found = BoxArrays(
        boxes=np.array([[0.5, 0.5, 0.2, 0.4], [0.1, 0.1, 0.2, 0.2]]),
        objectness=np.ones(2),
        probabilities=np.array([[0.0, 0.7, 0.3], [0.0, 0.0, 0.0]]),
    )

    rows = Objects.of_boxes(found)

    assert rows.classes.tolist() == [1, 2]
    assert rows.scores.tolist() == [0.7, 0.3]
    assert rows.edges == pytest.approx(np.array([[0.4, 0.3, 0.6, 0.7]] * 2))


def test_the_largest_differences_are_those_of_the_pairs():
    ours = objects((0, 0.9, *SQUARE), (1, 0.5, *SQUARE))
    theirs = objects((1, 0.52, 0.2, 0.2, 0.6, 0.63), (0, 0.9, *SQUARE))

    found = match(ours, theirs, ALLOWED, 0.25)

    assert found.pairs == 2
    assert (found.score, found.edge) == pytest.approx((0.02, 0.03))
    assert not found.equals(ALLOWED)
    assert found.equals(Allowed(0.021, 0.031))


def test_of_two_the_nearer_is_the_same():
    ours = objects((0, 0.9, *SQUARE), (0, 0.8, 0.25, 0.2, 0.65, 0.6))
    theirs = objects((0, 0.8, 0.25, 0.2, 0.65, 0.6), (0, 0.9, *SQUARE))

    assert match(ours, theirs, ALLOWED, 0.25).equals(Allowed(0, 0))


def test_another_class_is_another_object():
    found = match(objects((0, 0.9, *SQUARE)), objects((1, 0.9, *SQUARE)), ALLOWED, 0.25)

    assert found.pairs == 0
    assert [len(alone) for alone in found.lone] == [1, 1]
    assert not found.equals(ALLOWED)


def test_a_box_at_the_threshold_may_be_missing():
    nothing = objects()

    assert match(objects((0, 0.259, *SQUARE)), nothing, ALLOWED, 0.25).equals(ALLOWED)
    assert not match(objects((0, 0.261, *SQUARE)), nothing, ALLOWED, 0.25).equals(ALLOWED)


def test_no_number_is_equal_to_nothing():
    ours = objects((0, 0.9, *SQUARE))
    theirs = objects((0, 0.9, float("nan"), 0.2, 0.6, 0.6))

    assert not match(ours, theirs, ALLOWED, 0.25).equals(ALLOWED)


def test_boxes_without_a_side_are_the_same_where_they_are_close():
    flat = objects((0, 0.9, 0.2, 0.2, 0.2, 0.6))

    assert match(flat, flat, ALLOWED, 0.25).pairs == 1


def test_edges_are_cut_to_an_area():
    cut = objects((0, 0.9, -0.1, 0.2, 1.2, 0.6)).inside(np.zeros(2), np.array([0.9, 0.8]))

    assert cut.edges.tolist() == [[0, 0.2, 0.9, 0.6]]


def test_overlap_is_intersection_over_union():
    # 0.1 x 0.4 of 2 * 0.16 - 0.04
    one, other = np.array([SQUARE]), np.array([[0.5, 0.2, 0.9, 0.6]])

    assert overlaps(one, other)[0, 0] == pytest.approx(0.04 / 0.28)


def plain_pairs(ours, theirs, close):
    """Return the pairs by the plain rule: all with all, the nearest first."""
    found = []
    for i, (a, box) in enumerate(zip(ours.classes, ours.edges, strict=True)):
        for j, (b, other) in enumerate(zip(theirs.classes, theirs.edges, strict=True)):
            apart = np.abs(box - other).max()
            if a == b and (apart <= close or overlaps(box[None], other[None])[0, 0] >= 0.5):
                found.append((apart + abs(ours.scores[i] - theirs.scores[j]), i, j))
    taken, others, pairs = set(), set(), []
    for _, i, j in sorted(found):
        if i not in taken and j not in others:
            taken.add(i)
            others.add(j)
            pairs.append((i, j))
    return pairs


@pytest.mark.parametrize("close", [0.0, 0.2])
@pytest.mark.parametrize("digits", [1, 9])
def test_boxes_that_cannot_meet_are_passed_over_and_no_pair_is_lost(monkeypatch, close, digits):
    monkeypatch.setattr("pydarknet.compare.objects.AT_ONCE", 8)
    draws = np.random.default_rng(digits)

    def made() -> Objects:
        edges = draws.random((60, 4)).round(digits)
        edges[:, 2:] = edges[:, :2] + edges[:, 2:] - 0.1  # some are no boxes
        edges[0, 0] = np.nan
        return Objects(draws.integers(0, 2, 60), draws.random(60).round(digits), edges)

    ours, theirs = made(), made()
    ours.edges[1, 2] = np.inf

    pairs = plain_pairs(ours, theirs, close)

    assert len(pairs) > 5
    assert [*nearest_pairs(ours, theirs, close)] == pairs
