"""The colours of classes, and the ink that can be read on them."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ..errors import UsageError

Color = tuple[int, int, int]
Palette = Callable[[int, int], Color]  # of a class, and of how many there are

VARIABLE = "PYDARKNET_COLORS"
RAINBOW = ((1, 0, 1), (0, 0, 1), (0, 1, 1), (0, 1, 0), (1, 1, 0), (1, 0, 0))
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
# scripts/choose_colors.py chose and ordered them: each is as far as can be from all before it
DISTINCT = bytes.fromhex(
    """
    ff3c78 00c3ff e1ff00 781eff f0a52d 3c870f 00ffd2 b400a5 9678e1 ff78d2 c35aa5 96e178 4b69d2
    d20069 ff7869 f00000 ff00ff 5af000 b4ff96 0096ff 1ea54b f096ff e100c3 2dc387 ff3cc3 f0f069
    e1694b a54b96 c34b4b c31ee1 96a500 3ce196 e169a5 69d25a ffd24b c378d2 6978ff ff5a69 c31e4b
    963cb4 78f0a5 d20f96 b44bb4 ff78a5 d24b87 00d22d b43c78 f04b00 ff96e1 00f0e1 e14be1 963cff
    009600 960fe1 e178e1 f08700 a5f078 f02da5 875ae1 87ffb4 e12d69 b4d23c a50fc3 ff87c3 3cd296
    ff69b4 4b87f0 e15a69 4bc32d e1f02d e13cc3 00a5ff d22dd2 d25a3c c33ca5 e15ab4 2db45a c30087
    ff78f0 3c78d2
    """
)
COUNT = len(DISTINCT) // 3


def distinct_color(k: int, classes: int = 0) -> Color:
    """Return the RGB colour of class `k`, the same however many `classes` there are.

    Neighbours in number differ in hue and lightness, for eyes that lack red, green or blue too.
    """
    red, green, blue = DISTINCT[3 * (k % COUNT) :][:3]
    return red, green, blue


def class_color(k: int, classes: int) -> Color:
    """Return the RGB colour of class `k`: neighbours in number are far apart in the rainbow.

    Darknet: src/image.c get_color
    """
    place = 5 * (k * 123457 % classes) / classes
    low = int(place)
    high = min(low + 1, 5)
    part = place - low
    blue, green, red = (
        round(255 * ((1 - part) * a + part * b))
        for a, b in zip(RAINBOW[low], RAINBOW[high], strict=True)
    )
    return red, green, blue


PALETTES: dict[str, Palette] = {"distinct": distinct_color, "darknet": class_color}


def palette(name: str | None = None) -> Palette:
    """Return the palette of a name, else that of PYDARKNET_COLORS, else the distinct colours.

    Raises UsageError for another name.
    """
    source, chosen = ("-colors", name) if name else (VARIABLE, os.environ.get(VARIABLE))
    if chosen and chosen not in PALETTES:
        raise UsageError(f"{source} {chosen}: expected {' or '.join(PALETTES)}")
    return PALETTES[chosen or "distinct"]


def luminance(color: Color) -> float:
    """Return the relative luminance of a colour in 0..1, as WCAG 2.2 defines it."""
    parts = (part / 255 for part in color)
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio of two colours, 1 to 21, as WCAG 2.2 defines it."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def ink(color: Color) -> Color:
    """Return black or white, whichever is read better on a colour: 4.5 to 1 at least."""
    return max(BLACK, WHITE, key=lambda letters: contrast(letters, color))


@lru_cache(256)
def shades(color: Color) -> np.ndarray:
    """Return the 256 shades from a colour to its ink, uint8 [256, 3]."""
    part = np.linspace(0, 1, 256)[:, None]
    return np.rint(np.array(color) * (1 - part) + np.array(ink(color)) * part).astype(np.uint8)
