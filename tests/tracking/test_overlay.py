"""Lines and zones on a picture."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from pydarknet.tracking.counts import LineSum, Sums, ZoneSum
from pydarknet.tracking.lines import Line
from pydarknet.tracking.overlay import draw_places, write_sums

SIZE = (200, 160)
GREY = 100
LINE = Line((20, 80), (180, 80))
ZONE = ((40, 100), (160, 100), (160, 150), (40, 150))


def grey(scale: int = 1) -> np.ndarray:
    return np.full((160 * scale, 200 * scale, 3), GREY, np.uint8)


def sums(line: Line = LINE, went_in: int = 3) -> Sums:
    counted = LineSum(line, Counter({0: went_in}), Counter())
    return Sums((counted,), (ZoneSum(ZONE, Counter(), Counter()),))


@pytest.mark.parametrize("scale", [1, 3])
def test_lines_are_white_and_zones_lighter_in_pictures_of_any_size(scale):
    canvas = grey(scale)

    draw_places(canvas, sums(), SIZE)

    assert canvas[80 * scale, 100 * scale].tolist() == [255] * 3
    assert canvas[74 * scale : 80 * scale, 100 * scale].min() < 60  # its dark edge
    assert canvas[124 * scale, 100 * scale].tolist() == [123] * 3  # 0.85 * 100 + 0.15 * 255
    assert canvas[20 * scale, 100 * scale].tolist() == [GREY] * 3


@pytest.mark.parametrize(
    ("line", "where"),
    [
        (LINE, np.s_[:80, :100]),  # in: above, at the left
        (Line((180, 80), (20, 80)), np.s_[81:, 100:]),  # below, at the right
    ],
)
def test_numbers_stand_at_the_start_on_the_side_where_objects_went(line, where):
    few, more = grey(), grey()
    write_sums(few, sums(line, went_in=3), SIZE)
    write_sums(more, sums(line, went_in=8), SIZE)

    changed = (few != more).any(2)
    assert changed.any()
    assert changed[where].sum() == changed.sum()


@pytest.mark.parametrize("line", [Line((0, 0), (200, 0)), Line((200, 160), (200, 0))])
def test_numbers_stay_in_the_picture(line):
    canvas = grey()

    write_sums(canvas, sums(line), SIZE)

    assert (canvas == 255).all(2).sum() > 300


def test_nothing_is_drawn_of_nothing():
    canvas = grey()

    draw_places(canvas, Sums(), SIZE)
    write_sums(canvas, Sums(), SIZE)

    assert (canvas == GREY).all()
