"""Boxes in pixels become lines of labels."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from pydarknet.annotations.instances import (
    NOWHERE,
    bounds_of,
    cut,
    has_area,
    inside,
    label_line,
    number,
    overhang,
    shares,
)


def test_a_box_is_its_centre_and_size_in_shares():
    # (20 + 120) / 2 of 200, (30 + 80) / 2 of 100, 100 of 200, 50 of 100
    assert shares((20, 30, 120, 80), 200, 100) == (0.35, 0.55, 0.5, 0.5)
    assert label_line(3, 0.35, 0.55, 0.5, 0.5) == "3 0.35 0.55 0.5 0.5\n"


def test_what_reaches_beyond_the_image_can_be_cut():
    assert overhang((-3, 10, 205, 20), 200, 100) == 5
    assert cut((-3, 10, 205, 20), 200, 100) == (0, 10, 200, 20)
    assert not has_area(cut((210, 10, 220, 20), 200, 100))


@pytest.mark.parametrize(
    ("box", "area"),
    [
        ((0, 0, 1, 1), True),
        ((0, 0, 0, 1), False),
        ((5, 0, 4, 1), False),
        ((0, 0, math.inf, 1), False),
        (NOWHERE, False),
    ],
)
def test_a_box_has_an_area_or_is_none(box, area):
    assert has_area(box) == area


def test_points_have_bounds_if_all_are_finite():
    assert bounds_of([(3, 9), (1, 4), (2, 7)]) == (1, 4, 3, 9)
    assert not has_area(bounds_of([(1, 1), (math.nan, 5), (2, 2)]))
    assert not has_area(bounds_of([]))


@pytest.mark.parametrize("given", ["x", None, [], 10**400])
def test_what_is_no_number_is_nan(given):
    assert math.isnan(number(given))


@pytest.mark.parametrize("name", ["a.jpg", "b/a.jpg", "/x/../home/b/a.jpg"])
def test_a_file_of_a_folder_is_inside(name):
    folder = Path("/x/../home")

    assert inside(folder, name) == folder / name


@pytest.mark.parametrize("name", ["../a.jpg", "b/../../a.jpg", "/etc/passwd", "", "a\0.jpg"])
def test_a_name_that_leaves_its_folder_is_none(name):
    assert inside(Path("/home"), name) is None
