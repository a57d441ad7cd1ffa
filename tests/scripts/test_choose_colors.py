"""The distinct colours are those that the script chooses."""

from __future__ import annotations

import choose_colors
import numpy as np
import pytest

from pydarknet.boxes.palette import DISTINCT


def test_the_colours_of_the_palette_are_the_script_s():
    colors, steps = choose_colors.choose(80)

    assert bytes(colors.astype(np.uint8).tobytes()) == DISTINCT
    assert steps == sorted(steps, reverse=True)


@pytest.mark.parametrize("view", choose_colors.VIEWS)
def test_black_and_white_are_1_apart_to_any_eye(view):
    assert choose_colors.least(np.array([(0, 0, 0), (255, 255, 255)]), view) == pytest.approx(
        1, abs=0.01
    )


def test_without_red_and_green_those_two_are_less_apart():
    pair = np.array([(200, 60, 40), (90, 140, 40)])

    assert choose_colors.least(pair, "no green") < choose_colors.least(pair, "all colours") / 2
