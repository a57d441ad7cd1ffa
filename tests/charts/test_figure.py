"""Figures: their size, and that they have nothing of the program's own matplotlib."""

from __future__ import annotations

import sys
import threading

import matplotlib
import numpy as np
import pytest

from pydarknet.charts.figure import new_figure, pixels, style_axes, write_title


def titled(text: str) -> np.ndarray:
    """Return a picture with a title."""
    figure = new_figure(320, 200)
    style_axes(figure.add_subplot(), "x", "y")
    write_title(figure, text, "below")
    return pixels(figure)


def test_a_figure_has_its_size_in_pixels_and_is_white():
    image = pixels(new_figure(320, 200))

    assert image.shape == (200, 320, 3)
    assert image.dtype == np.uint8
    assert (image == 255).all()


def test_a_title_is_no_formula():
    assert not np.array_equal(titled("a $x^2$ b"), titled("a x2 b"))
    assert titled("$").shape == titled("$\\").shape == (200, 320, 3)  # no formula at all


def test_pyplot_is_not_imported():
    titled("a")

    assert "matplotlib.pyplot" not in sys.modules


@pytest.mark.parametrize(
    "settings",
    [{"axes.facecolor": "black", "text.color": "red", "font.size": 30, "font.family": "serif"}],
)
def test_the_programs_settings_change_no_title(settings):
    before = titled("a")[:60]

    with matplotlib.rc_context(settings):
        after = titled("a")[:60]

    np.testing.assert_array_equal(before, after)


def test_threads_draw_the_same_as_one():
    alone, drawn = titled("a"), [None] * 6

    def draw(place: int) -> None:
        drawn[place] = titled("a")

    threads = [threading.Thread(target=draw, args=(place,)) for place in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(np.array_equal(alone, one) for one in drawn)
