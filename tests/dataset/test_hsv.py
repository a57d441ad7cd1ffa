"""Colours change as the C changes them: in floats, and in the bytes of OpenCV's build."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest

from pydarknet.dataset.hsv import UNCHANGED, Colour, Colours, distort, distort_bytes


def by_loops(image: np.ndarray, colour: Colour) -> np.ndarray:
    """Change colours pixel by pixel, by the textbook's hexcone."""
    found = np.empty(image.shape)
    for place in np.ndindex(image.shape[:2]):
        h, s, v = colorsys.rgb_to_hsv(*image[place].astype(float))
        v, s = v * colour.exposure, s * colour.saturation
        h = (h + colour.hue) % 1 * 6
        part, index = h % 1, int(h)
        p, q, t = v * (1 - s), v * (1 - s * part), v * (1 - s * (1 - part))
        rgb = [(v, t, p), (q, v, p), (p, v, t), (p, q, v), (t, p, v), (v, p, q)][index]
        found[place] = np.clip(rgb, 0, 1)
    return found


@pytest.mark.parametrize(
    "colour",
    [
        Colour(0.1, 1.5, 1.5),
        Colour(-0.1, 0.6, 0.7),
        Colour(-0.45, 2.5, 1.0),
        Colour(0.5, 1.0, 3.0),
        Colour(0.0, 1.0, 1.0001),
    ],
)
def test_colours_turn_round_the_circle_and_end_at_0_and_1(colour):
    image = np.random.default_rng(1).random((24, 24, 3), np.float32)
    image[0, :5] = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0], [0.25, 0.25, 0.25]]

    found = distort(image.copy(), colour)

    np.testing.assert_allclose(found, by_loops(image, colour), rtol=0, atol=1e-5)


def test_no_change_changes_nothing():
    image = np.random.default_rng(1).random((2, 2, 3), np.float32)

    assert distort(image, UNCHANGED) is image


def test_grey_only_has_an_exposure():
    image = np.array([[[0.25], [0.75]]], np.float32)

    assert distort(image, Colour(0.4, 9, 2)).tolist() == [[[0.5], [1]]]


@pytest.mark.parametrize(
    ("rgb", "colour", "expected"),
    [
        # red has hue 0, saturation 255, value 200 of 0..179, 0..255, 0..255
        ((200, 0, 0), Colour(0, 1, 0.5), (100, 0, 0)),
        ((200, 0, 0), Colour(0, 1, 2), (255, 0, 0)),  # 400 ends at 255
        ((200, 0, 0), Colour(0, 0.5, 1), (200, 100, 100)),  # 127.5 is 128: 200 * (1 - 128 / 255)
        ((200, 0, 0), Colour(-0.1, 1, 1), (200, 0, 0)),  # below 0 is 0: red stays red
        ((0, 200, 0), Colour(-0.5, 1, 1), (200, 0, 0)),  # 60 - 89.5 too
        ((0, 0, 200), Colour(60.5 / 179, 1, 1), (200, 0, 0)),  # 120 + 60 is round the circle
        ((0, 200, 0), Colour(60 / 179, 1, 1), (0, 0, 200)),
    ],
)
def test_bytes_end_at_0_and_255_and_a_hue_below_0_is_red(rgb, colour, expected):
    image = np.array([[rgb]], np.uint8)

    assert distort_bytes(image, colour)[0, 0].tolist() == list(expected)


def test_bytes_of_grey_only_have_an_exposure():
    image = np.array([[[100], [200]]], np.uint8)

    assert distort_bytes(image, Colour(0.1, 2, 1.5)).tolist() == [[[150], [255]]]


def test_drawn_colours_lie_between_the_most_and_one_over_it():
    colours, generator = Colours(0.1, 1.5, 2.0), np.random.default_rng(1)

    drawn = [colours.draw(generator) for _ in range(400)]

    assert all(-0.1 <= colour.hue <= 0.1 for colour in drawn)
    assert all(1 / 1.5 - 1e-6 <= colour.saturation <= 1.5 for colour in drawn)
    assert 160 < sum(colour.exposure > 1 for colour in drawn) < 240  # a coin decides
    assert max(colour.exposure for colour in drawn) > 1.9
    assert min(colour.exposure for colour in drawn) < 0.52


def test_a_factor_of_0_is_1():
    drawn = Colours(0, 0, 0).draw(np.random.default_rng(1))

    assert drawn == UNCHANGED
