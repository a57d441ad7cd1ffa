"""Which lines of a label file are polygons, and the boxes around them."""

from __future__ import annotations

import time

import pytest

from pydarknet.dataset.polygons import bounds, is_number, is_polygon, is_several, whole_number


@pytest.mark.parametrize(
    ("line", "polygon", "several"),
    [
        ("1 .5 .5 .1 .1", False, True),  # a box
        ("1 .5 .5 .1 .1 .9", False, False),  # with a score
        ("1 .1 .1 .9 .1 .5 .5", True, False),
        ("1 .1 .1 .9 .1 .5 .5 .2 .2", True, False),
        ("1" + " .1 .2" * 7, True, False),  # 15 words
        ("1 .1 .2 .3 .4 0.0 .1 .2 .3 .4 1.0 .1 .2 .3 .4", True, False),
        ("1 .1 .2 .3 .4 2 .1 .2 .3 .4 0 .1 .2 .3 .4", False, True),  # three boxes
        ("1.0 .1 .2 .3 .4 2.0 .1 .2 .3 .4", False, True),
        ("1 .1 .1 .9 .1 .5 x", False, False),
        ("1 .1 .1 .9 .1 .5", False, False),
    ],
)
def test_a_polygon_is_a_class_and_pairs_of_numbers(line, polygon, several):
    assert is_polygon(line.split()) == polygon
    assert is_several(line.split()) == several


def test_the_bounds_of_a_polygon_are_centre_and_size():
    assert bounds(["3", ".2", ".1", ".6", ".1", ".4", ".5"]) == ["3", "0.4", "0.3", "0.4", "0.4"]


@pytest.mark.parametrize(
    ("word", "number"),
    [("1", 1), ("1.0", 1), ("12.", 12), ("-1.00", -1), ("1.5", None), ("", None)],
)
def test_a_whole_number_may_have_a_point(word, number):
    assert whole_number(word) == number


def test_a_word_of_many_digits_is_looked_at_at_once():
    start = time.process_time()

    assert not is_number("0" * 50_000 + "x")
    assert is_number("." + "0" * 50_000)
    assert time.process_time() - start < 1  # half a minute where each split of digits was tried
