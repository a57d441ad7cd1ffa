"""Random changes of a training image's hue, saturation and exposure."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from .rng import scale, uniform

DEGREES = 360.0
HUES = 179.0  # of OpenCV's bytes


@dataclass(frozen=True)
class Colour:
    """A change of colours: `hue` is a fraction of the circle, the others are factors."""

    hue: float = 0.0
    saturation: float = 1.0
    exposure: float = 1.0


UNCHANGED = Colour()


@dataclass(frozen=True)
class Colours:
    """The limits of changes of colours, from [net]; as in the C, a factor of 0 means 1.

    Darknet: src/data.c load_thread
    """

    hue: float = 0.0
    saturation: float = 1.0
    exposure: float = 1.0

    def draw(self, generator: Generator) -> Colour:
        """Draw a change.

        Darknet: src/image.c random_distort_image
        """
        hue = uniform(generator, -self.hue, self.hue)
        factors = (scale(generator, most or 1.0) for most in (self.saturation, self.exposure))
        return Colour(hue, *factors)


def distort(image: np.ndarray, colour: Colour) -> np.ndarray:
    """Change the colours of float32 [H, W, C] in 0..1; of grey only the exposure changes.

    The saturation may leave 0..1; the resulting colours are clipped to it.

    Darknet: src/image.c distort_image
    """
    if colour == UNCHANGED:
        return image
    if image.shape[2] == 1:
        return np.clip(image * np.float32(colour.exposure), 0, 1)
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    change = np.diag([1.0, colour.saturation, colour.exposure, 0.0])[:3]
    change[0, 3] = colour.hue % 1 * DEGREES  # not negative: OpenCV accepts any hue from 0 up
    rgb = cv2.cvtColor(cv2.transform(hsv, change), cv2.COLOR_HSV2RGB)
    return np.clip(rgb, 0, 1, out=rgb)


def distort_bytes(image: np.ndarray, colour: Colour) -> np.ndarray:
    """Change the colours of uint8 [H, W, C] as the fork's build with OpenCV does.

    Hue, saturation and value are clipped to 0..255, so a hue below 0 becomes red.

    Darknet: src/image_opencv.cpp image_data_augmentation (AlexeyAB)
    Quirk: BYTE_HUES
    """
    if colour == UNCHANGED:
        return image
    if image.shape[2] == 1:
        return cv2.LUT(image, table(colour.exposure, 0))[..., None]
    changes = (1.0, HUES * colour.hue), (colour.saturation, 0.0), (colour.exposure, 0.0)
    tables = np.stack([table(*change) for change in changes], -1)[None]  # [1, 256, 3]
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    return cv2.cvtColor(cv2.LUT(hsv, tables), cv2.COLOR_HSV2RGB)


def table(factor: float, summand: float) -> np.ndarray:
    """Return the new value of each byte: byte * factor + summand, rounded and clipped to 0..255."""
    values = np.arange(256, dtype=np.float32) * np.float32(factor) + np.float32(summand)
    return np.rint(values).clip(0, 255).astype(np.uint8)
