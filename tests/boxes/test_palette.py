"""Colours of classes are stable and distinct, and text on them can be read."""

from __future__ import annotations

import choose_colors
import numpy as np
import pytest

from pydarknet.boxes.palette import (
    COUNT,
    PALETTES,
    class_color,
    contrast,
    distinct_color,
    ink,
    palette,
    shades,
)
from pydarknet.errors import UsageError


@pytest.mark.parametrize(
    ("k", "classes", "expected"),
    [
        (0, 80, (255, 0, 255)),  # place 0: component 2, 1, 0 of (1, 0, 1)
        (1, 80, (255, 16, 0)),  # 123457 % 80 = 17, place 1.0625: 0.0625 of the way to (0, 1, 1)
        (1, 20, (0, 191, 255)),  # 17 % 20, place 4.25: a quarter from (1, 1, 0) to (1, 0, 0)
    ],
)
def test_darknet_s_classes_have_the_colours_of_the_reference(k, classes, expected):
    assert class_color(k, classes) == expected


@pytest.mark.parametrize(
    ("k", "expected"),
    [(0, (255, 60, 120)), (1, (0, 195, 255)), (79, (60, 120, 210)), (80, (255, 60, 120))],
)
def test_a_class_has_one_colour_however_many_classes_there_are(k, expected):
    assert [distinct_color(k, classes) for classes in (1, 20, 9418)] == [expected] * 3


def test_no_two_of_the_first_80_classes_have_the_same_colour():
    assert len({distinct_color(k) for k in range(80)}) == COUNT == 80


@pytest.mark.parametrize("view", ["all colours", "no red", "no green", "no blue"])
@pytest.mark.parametrize(("first", "least"), [(6, 0.1), (12, 0.06), (20, 0.05)])
def test_the_first_classes_are_told_apart_by_any_eye(view, first, least):
    colors = np.array([distinct_color(k) for k in range(first)])

    # in OKLab, where black and white are 1 apart, and 0.02 can just be seen
    assert choose_colors.least(colors, view) >= least


@pytest.mark.parametrize("color", [distinct_color(k) for k in range(COUNT)])
def test_lines_of_a_class_are_seen_on_black_and_are_no_white(color):
    assert contrast(color, (0, 0, 0)) >= 3  # WCAG's ratio for what is no text
    assert contrast(color, (255, 255, 255)) >= 1.1


@pytest.mark.parametrize("name", PALETTES)
@pytest.mark.parametrize("classes", [1, 20, 80, 601])
def test_letters_have_a_contrast_of_4_5_to_their_background(name, classes):
    for k in range(classes):
        color = PALETTES[name](k, classes)
        assert contrast(ink(color), color) >= 4.5


def test_contrast_is_that_of_wcag():
    assert contrast((255, 255, 255), (0, 0, 0)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.005)


def test_shades_begin_with_a_colour_and_end_with_its_ink():
    of = shades((255, 60, 120))

    assert of[0].tolist() == [255, 60, 120]
    assert of[255].tolist() == [0, 0, 0]


def test_the_palette_is_the_one_named_or_that_of_the_environment(monkeypatch):
    assert palette() is distinct_color
    monkeypatch.setenv("PYDARKNET_COLORS", "darknet")
    assert palette() is class_color
    assert palette("distinct") is distinct_color


def test_another_name_is_refused(monkeypatch):
    with pytest.raises(UsageError, match="-colors gray: expected distinct or darknet"):
        palette("gray")
    monkeypatch.setenv("PYDARKNET_COLORS", "grey")
    with pytest.raises(UsageError, match="PYDARKNET_COLORS grey: expected distinct or darknet"):
        palette()
