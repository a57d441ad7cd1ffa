#!/usr/bin/env python3
"""Make a small data set of toys on a floor, for docs/FIRST_HOUR.md: pictures, labels, names.

Red balls, blue bricks and yellow stars lie on grey versions of the backgrounds of make_digits.py.
An image depends only on the seed and its number: the same command makes the same set, and a larger
set begins with the same images. Every tenth shows no toy.

Write FOLDER/toy_000.jpg and so on, beside each its label file, which is empty where there is no
toy, and FOLDER/classes.txt with the names: as LabelImg leaves a folder in which it was used.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from make_digits import GROUNDS, camera_image
from numpy.random import Generator

from labels import count_of, label_line, write, write_label

WIDTH, HEIGHT = 320, 240
SMALLEST, LARGEST = 15, 45  # radius of a toy in pixels
MOST = 4  # toys in an image
EMPTY = 10  # of so many images one shows no toy
GREY = 0.75  # of a background's colour that is taken away
SHADOW = 0.45  # of the light that is missing in a shadow
LIGHT = 45  # by which a toy is brighter at its upper left
PART = 16  # of a pixel, to which outlines are drawn


class Toy(NamedTuple):
    """A toy in an image: its class, its centre and its radius in pixels, its turn in radians."""

    kind: int
    x: float
    y: float
    radius: float
    turn: float


class Kind(NamedTuple):
    """A class: its name, its colour in BGR, its corners by radius (of 1) and angle."""

    name: str
    colour: tuple[float, float, float]
    corners: list[tuple[float, float]]


SLOPE = math.atan(0.5)  # of the diagonal of a brick
KINDS = (
    Kind("ball", (40, 50, 210), [(0.9, k * math.pi / 16) for k in range(32)]),
    Kind("brick", (200, 110, 40), [(1, s * SLOPE + t) for t in (0, math.pi) for s in (-1, 1)]),
    Kind("star", (40, 200, 235), [(1 - 0.55 * (k % 2), k * math.pi / 5) for k in range(10)]),
)


def outline(toy: Toy) -> np.ndarray:
    """Return the corners of a toy in pixels [N, 2]."""
    radius, angle = np.array(KINDS[toy.kind].corners).T
    across, down = np.cos(angle + toy.turn), np.sin(angle + toy.turn)
    return np.stack([toy.x + toy.radius * radius * across, toy.y + toy.radius * radius * down], 1)


def mask_of(points: np.ndarray) -> np.ndarray:
    """Return the inside of an outline as a smooth mask [HEIGHT, WIDTH] in 0..1."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    corners = np.rint(points * PART).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, shift=PART.bit_length() - 1)
    return mask.astype(np.float32) / 255


def draw(canvas: np.ndarray, toy: Toy, rng: Generator) -> None:
    """Draw a toy with its shadow on an image [HEIGHT, WIDTH, 3]; light comes from above left."""
    points = outline(toy)
    shadow = cv2.GaussianBlur(mask_of(points + toy.radius * 0.15), (0, 0), toy.radius * 0.08)
    canvas *= 1 - SHADOW * shadow[..., None]
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    light = LIGHT * ((toy.x - x) + (toy.y - y)) / toy.radius
    colour = np.float32(KINDS[toy.kind].colour) + rng.normal(0, 15, 3).astype(np.float32)
    canvas += (colour + light[..., None] - canvas) * mask_of(points)[..., None]


def free_place(taken: list[Toy], rng: Generator) -> Toy | None:
    """Return a toy of any kind in a free place, or None if 30 random places are all taken."""
    radius = math.exp(rng.uniform(math.log(SMALLEST), math.log(LARGEST)))
    kind, turn = int(rng.integers(len(KINDS))), rng.uniform(0, 2 * math.pi)
    for _ in range(30):
        x, y = rng.uniform((radius, radius), (WIDTH - radius, HEIGHT - radius))
        if all(math.hypot(x - one.x, y - one.y) > radius + one.radius for one in taken):
            return Toy(kind, x, y, radius, turn)
    return None


def line_of(toy: Toy) -> str:
    """Return the toy's line in a label file."""
    points = outline(toy)
    size = np.array([WIDTH, HEIGHT])
    centre, sides = (points.min(0) + points.max(0)) / 2 / size, np.ptp(points, 0) / size
    x, y, w, h = (round(float(one), 6) for one in (*centre, *sides))
    return label_line(toy.kind, x, y, w, h)


def photograph(seed: int, number: int) -> tuple[np.ndarray, list[Toy]]:
    """Return an image of the set, uint8 BGR, and its toys; it depends only on seed and number."""
    rng = np.random.default_rng([seed, number])
    ground: Callable[[Generator, int, int], np.ndarray] = GROUNDS[rng.integers(len(GROUNDS))]
    canvas = ground(rng, WIDTH, HEIGHT).astype(np.float32)
    canvas += GREY * (canvas.mean(2, keepdims=True) - canvas)
    toys: list[Toy] = []
    for _ in range(0 if number % EMPTY == EMPTY - 1 else rng.integers(1, MOST + 1)):
        toy = free_place(toys, rng)
        if toy:
            draw(canvas, toy, rng)
            toys.append(toy)
    return camera_image(canvas, rng), toys


def main() -> None:
    """Write what the command line asks for."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    add = parser.add_argument
    add("folder", type=Path, help="write the set here, for example photos")
    add("--images", type=int, default=120, metavar="N", help="number of images (120)")
    add("--seed", type=int, default=0, help="seed of the set (0)")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for number in range(options.images):
        canvas, toys = photograph(options.seed, number)
        path = options.folder / f"toy_{number:03d}.jpg"
        path.write_bytes(cv2.imencode(".jpg", canvas)[1].tobytes())
        write_label(path, map(line_of, toys))
    write(options.folder / "classes.txt", "".join(f"{kind.name}\n" for kind in KINDS))
    print(f"{options.folder}: {count_of(options.images, 'image')} with labels, classes.txt")


if __name__ == "__main__":
    main()
