"""The lines about each image, and the verdict."""

from __future__ import annotations

import numpy as np
import pytest

from pydarknet.compare.objects import Allowed, Match, Objects
from pydarknet.compare.tally import SCORES, Tally

NONE = Objects.of_rows([])
ALLOWED = Allowed(0.001, 0.002)


def objects(count: int) -> Objects:
    return Objects.of_rows([(7, 0.3 + i / 10, 0.1, 0.2, 0.3, 0.4) for i in range(count)])


def test_equal_boxes_take_a_line():
    tally = Tally(ALLOWED)

    lines = tally.add("a.jpg", Match(3, 0.0001, 0.0002, (NONE, NONE)))

    assert lines == ["a.jpg: 3 boxes in both, scores within 0.000100, sides within 0.000200"]
    assert tally.equal
    assert tally.verdict() == (
        "equal: 3 boxes of 1 image: scores differ by at most 0.000100 (0.001 allowed),"
        " sides by 0.000200 (0.002)"
    )


def test_boxes_of_one_program_alone_are_shown_the_best_first():
    tally = Tally(ALLOWED)

    lines = tally.add("a.jpg", Match(1, 0, 0, (objects(1), objects(7))))

    assert lines[0] == (
        "a.jpg: 1 box in both, 1 in pydarknet alone, 7 in the other alone,"
        " scores within 0.000000, sides within 0.000000"
    )
    assert lines[1:3] == [
        "  pydarknet alone: class 7, score 0.300000, left 0.1000, top 0.2000, right 0.3000,"
        " bottom 0.4000",
        "  the other alone: class 7, score 0.900000, left 0.1000, top 0.2000, right 0.3000,"
        " bottom 0.4000",
    ]
    assert lines[-1] == "  the other alone: 2 more"
    assert len(lines) == 1 + 1 + 5 + 1
    assert tally.verdict().startswith("not equal in 1 of 1 image: 1 box of 1 image: ")
    assert tally.verdict().endswith(", 8 boxes in one program alone")


@pytest.mark.parametrize(("score", "edge"), [(0.0011, 0), (0, 0.0021), (float("nan"), 0)])
def test_what_differs_by_more_than_allowed_is_not_equal(score, edge):
    tally = Tally(ALLOWED)
    tally.add("a.jpg", Match(1, 0, 0, (NONE, NONE)))
    tally.add("b.jpg", Match(1, score, edge, (NONE, NONE)))

    assert not tally.equal
    assert tally.verdict().startswith("not equal in 1 of 2 images: 2 boxes of 2 images: ")


def test_nothing_found_shows_nothing():
    tally = Tally(ALLOWED)
    tally.add("a.jpg", Match(0, 0, 0, (NONE, NONE)))

    assert not tally.equal
    assert tally.verdict() == "not shown to be equal: neither program finds anything in 1 image"


def test_an_image_that_failed_is_not_equal():
    tally = Tally(ALLOWED)
    tally.add("a.jpg", Match(1, 0, 0, (NONE, NONE)))

    assert tally.verdict(failed=1).startswith("not equal: 1 image could not be compared; 1 box of")


def test_scores_of_classes_are_compared_where_both_have_them():
    tally = Tally(ALLOWED, SCORES)

    line = tally.add_scores("a.jpg", np.array([0.1, 0.7, 0.2]), np.array([0.1, 0.7004, np.nan]))

    assert line == "a.jpg: class 1 is the best of both, scores within 0.000400"
    assert tally.verdict() == (
        "equal: 2 scores of 1 image: scores differ by at most 0.000400 (0.001 allowed)"
    )


def test_another_best_class_is_told():
    tally = Tally(ALLOWED, SCORES)

    line = tally.add_scores("a.jpg", np.array([0.4, 0.6]), np.array([0.6, 0.4]))

    assert (
        line == "a.jpg: class 1 is pydarknet's best, class 0 is the other's, scores within 0.200000"
    )
    assert not tally.equal
