"""Bilinear interpolation of an image; outside the image, pixels are black."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

LONGEST = 32766  # side of an image that OpenCV's remap accepts


def interpolate(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Interpolate float32 [H, W, C] at columns `x` and rows `y`, float32 [h, w]; return [h, w, C].

    Pixels outside the image are 0.

    Darknet: src/image.c bilinear_interpolate
    """
    if not exact_remap() or max(*image.shape[:2], *x.shape) > LONGEST or 0 in x.shape:
        return interpolate_in_numpy(image, x, y)
    found = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    return found.reshape(*x.shape, image.shape[2])


@cache
def exact_remap() -> bool:
    """Return whether OpenCV interpolates exactly: version 5 does, 4 rounds fractions to 1/32."""
    third = np.full((1, 1), 1 / 3, np.float32)
    found = cv2.remap(np.array([[0, 1]], np.float32), third, third * 0, cv2.INTER_LINEAR)
    return abs(float(found[0, 0]) - 1 / 3) < 1e-6


def interpolate_in_numpy(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Interpolate as `interpolate` does, in numpy."""
    height, width, channels = image.shape
    framed = np.pad(image, ((1, 1), (1, 1), (0, 0))).reshape(-1, channels)
    column, row = np.floor(x), np.floor(y)
    across, down = (x - column)[..., None], (y - row)[..., None]

    def corner(right: int, below: int) -> np.ndarray:
        i = np.clip(column + right, -1, width).astype(np.int64) + 1
        j = np.clip(row + below, -1, height).astype(np.int64) + 1
        return framed[j * (width + 2) + i]

    above = (1 - across) * corner(0, 0) + across * corner(1, 0)
    return (1 - down) * above + down * ((1 - across) * corner(0, 1) + across * corner(1, 1))
