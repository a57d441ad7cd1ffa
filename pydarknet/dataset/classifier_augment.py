"""The augmentation of a classifier: a part of the image is scaled, rotated and stretched."""

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
class RandomValues:
    """The random values for an image, drawn before its size is known.

    `side` is the length to which the shorter side is scaled; `angle` is in degrees; `place`, in
    0..1, chooses the part of the image.
    """

    aspect: float
    side: int
    angle: float
    place: tuple[float, float]
    flip: bool
    colour: Colour


@dataclass(frozen=True)
class Transform:
    """How an image is rotated (in radians), scaled, stretched and moved."""

    angle: float
    scale: float
    aspect: float
    x: float
    y: float
    flip: bool = False
    colour: Colour = UNCHANGED


@dataclass(frozen=True)
class ClassifierAugment:
    """The limits of random changes of images, from [net].

    The shorter side is scaled to a length between `low` and `high`. With `relative`, both are
    multiples of the input's width. With `inside`, the crop stays inside an image that is large
    enough.
    """

    low: float
    high: float
    relative: bool
    inside: bool
    angle: float
    aspect: float
    flip: bool
    colours: Colours

    def draw(self, generator: Generator, width: int) -> RandomValues:
        """Draw the random values for an image; `width` is the input's.

        Darknet: src/image.c random_augment_image, examples/classifier.c train_classifier
        """
        times = F(width) if self.relative else F(1)
        aspect = scale(generator, self.aspect or 1.0)
        side = whole(generator, int(F(self.low) * times), int(F(self.high) * times))
        angle = uniform(generator, -self.angle, self.angle)
        place = uniform(generator), uniform(generator)
        flip = coin(generator) and self.flip
        return RandomValues(aspect, side, angle, place, flip, self.colours.draw(generator))

    def transform(self, values: RandomValues, image: tuple[int, int], side: int) -> Transform:
        """Return the transform from an image of this width and height to a square of this side.

        Darknet: src/image.c random_augment_args
        """
        (width, height), aspect = image, F(values.aspect)
        shorter = height if height < F(width) * aspect else max(int(F(width) * aspect), 1)
        factor = F(values.side) / F(shorter)
        reach = [(F(width) * factor / aspect - side) / 2, (F(height) * factor - side) / 2]
        if self.inside:
            reach = [max(most, F(0)) for most in reach]
        x, y = (
            within(-float(most), float(most), part)
            for most, part in zip(reach, values.place, strict=True)
        )
        angle = float(F(math.radians(values.angle)))
        return Transform(angle, float(factor), float(aspect), x, y, values.flip, values.colour)


def rotate_crop(image: np.ndarray, transform: Transform, side: int) -> np.ndarray:
    """Return a rotated square of uint8 [H, W, C] as float32 [side, side, C] in 0..1.

    Outside the image it is black.

    Darknet: src/image.c rotate_crop_image, src/data.c load_image_augment_paths
    """
    height, width = image.shape[:2]
    line = np.arange(side) - side / 2
    across = (line + transform.x) / transform.scale * transform.aspect
    down = ((line + transform.y) / transform.scale)[:, None]
    cosine, sine = math.cos(transform.angle), math.sin(transform.angle)
    x = (cosine * across - sine * down + width / 2).astype(F)
    y = (sine * across + cosine * down + height / 2).astype(F)
    found: np.ndarray = interpolate(image.astype(F), x, y) / F(255)
    if transform.flip:
        found = cv2.flip(found, 1).reshape(found.shape)
    return distort(found, transform.colour)
