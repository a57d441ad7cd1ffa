"""The augmentation of a classifier: a part of the image, scaled, turned and stretched."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from .bilinear import interpolate
from .c_float import F
from .hsv import UNCHANGED, Colour, Colours, distort
from .rng import coin, scale, uniform, whole, within


@dataclass(frozen=True)
class Chances:
    """What is drawn for an image, before its size is known.

    `side` is the length its shorter side is scaled to, `angle` in degrees, `place` shares of 0..1.
    """

    aspect: float
    side: int
    angle: float
    place: tuple[float, float]
    flip: bool
    colour: Colour


@dataclass(frozen=True)
class Turn:
    """How an image's centre is moved, scaled and turned (in radians)."""

    angle: float
    scale: float
    aspect: float
    x: float
    y: float
    flip: bool = False
    colour: Colour = UNCHANGED


@dataclass(frozen=True)
class Turning:
    """How much images change, as [net] says.

    The shorter side gets a length of `low` to `high`, which with `relative` are shares of the
    input's width; `inside` keeps the crop inside of the image, where it is large enough.
    """

    low: float
    high: float
    relative: bool
    inside: bool
    angle: float
    aspect: float
    flip: bool
    colours: Colours

    def draw(self, generator: Generator, width: int) -> Chances:
        """Draw an image's chances for an input of a width.

        Darknet: src/image.c random_augment_image, examples/classifier.c train_classifier
        """
        times = F(width) if self.relative else F(1)
        aspect = scale(generator, self.aspect or 1.0)
        side = whole(generator, int(F(self.low) * times), int(F(self.high) * times))
        angle = uniform(generator, -self.angle, self.angle)
        place = uniform(generator), uniform(generator)
        flip = coin(generator) and self.flip
        return Chances(aspect, side, angle, place, flip, self.colours.draw(generator))

    def turn(self, chances: Chances, image: tuple[int, int], side: int) -> Turn:
        """Make the turn of an image of a width and height that gives a square of a side.

        Darknet: src/image.c random_augment_args
        """
        (width, height), aspect = image, F(chances.aspect)
        shorter = height if height < F(width) * aspect else max(int(F(width) * aspect), 1)
        factor = F(chances.side) / F(shorter)
        reach = [(F(width) * factor / aspect - side) / 2, (F(height) * factor - side) / 2]
        if self.inside:
            reach = [max(most, F(0)) for most in reach]
        x, y = (
            within(-float(most), float(most), part)
            for most, part in zip(reach, chances.place, strict=True)
        )
        angle = float(F(math.radians(chances.angle)))
        return Turn(angle, float(factor), float(aspect), x, y, chances.flip, chances.colour)


def rotate_crop(image: np.ndarray, turn: Turn, side: int) -> np.ndarray:
    """Return a square of uint8 [H, W, C] as float32 [side, side, C] in 0..1, black outside of it.

    Darknet: src/image.c rotate_crop_image, src/data.c load_image_augment_paths
    """
    height, width = image.shape[:2]
    line = np.arange(side) - side / 2
    across = (line + turn.x) / turn.scale * turn.aspect
    down = ((line + turn.y) / turn.scale)[:, None]
    cosine, sine = math.cos(turn.angle), math.sin(turn.angle)
    x = (cosine * across - sine * down + width / 2).astype(F)
    y = (sine * across + cosine * down + height / 2).astype(F)
    found: np.ndarray = interpolate(image.astype(F), x, y) / F(255)
    if turn.flip:
        found = cv2.flip(found, 1).reshape(found.shape)
    return distort(found, turn.colour)
