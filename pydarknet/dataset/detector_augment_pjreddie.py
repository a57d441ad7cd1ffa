"""The original's augmentation of a detector: the image is stretched and placed on grey."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from .bilinear import interpolate
from .c_float import F
from .hsv import UNCHANGED, Colour, Colours, distort
from .rng import coin, uniform, within
from .targets import View

GREY = 0.5


@dataclass(frozen=True)
class RandomValues:
    """The random values for an image, drawn before its size is known."""

    stretch: tuple[float, float]  # for width and height, in 0..1
    place: tuple[float, float]  # for x and y, in 0..1
    colour: Colour
    flip: bool


@dataclass(frozen=True)
class Placement:
    """Size and place of an image on the canvas, in fractional pixels."""

    width: float
    height: float
    x: float
    y: float
    colour: Colour = UNCHANGED
    flip: bool = False

    def view(self, size: tuple[int, int]) -> View:
        """Return how boxes move: by fractional pixels, though the image is placed at whole ones.

        Darknet: src/data.c load_data_detection
        """
        w, h = F(size[0]), F(size[1])
        scale = float(F(self.width) / w), float(F(self.height) / h)
        shift = float(-F(self.x) / w), float(-F(self.y) / h)
        return View(scale, shift, self.flip)


@dataclass(frozen=True)
class PlaceAugment:
    """The limits of random changes of aspect ratio and colours, from the cfg."""

    jitter: float
    colours: Colours

    def draw(self, generator: Generator) -> RandomValues:
        """Draw the random values for an image."""
        stretch = uniform(generator), uniform(generator)
        place = uniform(generator), uniform(generator)
        return RandomValues(stretch, place, self.colours.draw(generator), coin(generator))

    def placement(
        self, values: RandomValues, image: tuple[int, int], size: tuple[int, int]
    ) -> Placement:
        """Fit an image of this size into the input, with a random aspect ratio near its own.

        Darknet: src/data.c load_data_detection
        """
        sides = []
        for side, part in zip(image, values.stretch, strict=True):
            most = float(F(self.jitter) * F(side))
            sides.append(F(side) + F(within(-most, most, part)))
        shape, w, h = sides[0] / sides[1], F(size[0]), F(size[1])
        width, height = (h * shape, h) if shape < 1 else (w, w / shape)
        x = within(0, float(w - width), values.place[0])
        y = within(0, float(h - height), values.place[1])
        return Placement(float(width), float(height), x, y, values.colour, values.flip)


def place_image(image: np.ndarray, placement: Placement, size: tuple[int, int]) -> np.ndarray:
    """Place uint8 [H, W, C] on a grey canvas; return float32 [h, w, C] in 0..1.

    Position and size are truncated to whole pixels. The last column and row blend with black.
    Changes of colours change the grey too.

    Darknet: src/image.c place_image, src/data.c load_data_detection
    Quirk: PLACED_EDGES
    """
    w, h = size
    left, columns = visible(placement.x, placement.width, w)
    top, rows = visible(placement.y, placement.height, h)
    canvas = np.full((h, w, image.shape[2]), GREY, np.float32)
    x = points(columns, placement.width, image.shape[1])
    y = points(rows, placement.height, image.shape[0])
    shape = len(y), len(x)
    found = interpolate(
        image.astype(np.float32),
        np.ascontiguousarray(np.broadcast_to(x, shape)),
        np.ascontiguousarray(np.broadcast_to(y[:, None], shape)),
    )
    np.divide(found, F(255), out=canvas[top : top + shape[0], left : left + shape[1]])
    canvas = distort(canvas, placement.colour)
    return cv2.flip(canvas, 1).reshape(canvas.shape) if placement.flip else canvas


def visible(place: float, length: float, side: int) -> tuple[int, np.ndarray]:
    """Return where on the canvas an image begins, and which of its columns or rows are visible."""
    first = int(place)
    inside = np.arange(max(-first, 0), min(int(length), side - first))
    return max(first, 0), inside


def points(inside: np.ndarray, length: float, side: int) -> np.ndarray:
    """Return the coordinates in the image of columns or rows of its placed form, float32."""
    return inside.astype(F) / F(max(int(length), 1)) * F(side)
