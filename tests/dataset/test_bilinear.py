"""An image is read between its pixels, with black around it."""

from __future__ import annotations

import numpy as np
import pytest

from pydarknet.dataset import bilinear
from pydarknet.dataset.bilinear import interpolate, interpolate_in_numpy

IMAGE = np.array([[[8], [16]], [[24], [48]]], np.float32)


def at(x: float, y: float) -> tuple[np.ndarray, np.ndarray]:
    """Return one point."""
    return np.full((1, 1), x, np.float32), np.full((1, 1), y, np.float32)


@pytest.mark.parametrize("read", [interpolate, interpolate_in_numpy])
@pytest.mark.parametrize(
    ("x", "y", "value"),
    [
        (0, 0, 8),
        (1, 1, 48),
        (0.25, 0, 10),
        (0, 0.5, 16),
        (0.5, 0.5, 24),
        (1.5, 0, 8),  # half of 16
        (-0.25, 0, 6),
        (0, -1, 0),
        (2, 0, 0),
        (1e6, -1e6, 0),
        (1.5, 1.5, 12),  # a quarter of 48
    ],
)
def test_a_point_is_blended_of_four_pixels_and_black_is_outside(read, x, y, value):
    assert read(IMAGE, *at(x, y)).tolist() == [[[value]]]


@pytest.mark.parametrize("channels", [1, 3])
def test_both_ways_to_read_are_one(channels):
    generator = np.random.default_rng(1)
    image = generator.random((31, 47, channels), np.float32)
    x = generator.uniform(-5, 52, (29, 40)).astype(np.float32)
    y = generator.uniform(-5, 36, (29, 40)).astype(np.float32)

    np.testing.assert_allclose(
        interpolate(image, x, y), interpolate_in_numpy(image, x, y), rtol=0, atol=2e-6
    )


def test_an_opencv_of_coarse_fractions_is_not_used(monkeypatch):
    monkeypatch.setattr(bilinear, "exact_remap", lambda: False)
    monkeypatch.setattr(bilinear.cv2, "remap", None)

    assert interpolate(IMAGE, *at(0.25, 0)).tolist() == [[[10]]]


def test_nothing_is_read_at_no_points():
    none = np.zeros((0, 3), np.float32)

    assert interpolate(IMAGE, none, none).shape == (0, 3, 1)


def test_an_image_of_more_columns_than_remap_takes_is_read():
    image = np.arange(40000, dtype=np.float32).reshape(1, -1, 1)

    assert interpolate(image, *at(39998.5, 0)).tolist() == [[[39998.5]]]
