#!/usr/bin/env python3
"""Make a small data set of handwritten digits on various backgrounds, for cfg/digits.cfg.

scikit-learn ships 1797 digits of 8 x 8 pixels: training images show the first 1437, test images the
last 360, so no digit of a test image is trained on. An image depends only on the seed, its part and
its number: the same command makes the same set, and a larger set begins with the same images.

Write FOLDER/JPEGImages, FOLDER/labels, FOLDER/train.txt and FOLDER/test.txt. The lists name images
relative to the working folder, as FOLDER is given: cfg/digits.data expects `digits`.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

from labels import label_line, write_label, write_list

TRAINING = 1437  # samples; the others are for test images
PARTS = {"train": 0, "test": 1, "sample": 2}  # part of the seed of an image
FINE = 16  # factor by which a sample is enlarged before it is transformed
SMALLEST, LARGEST = 18, 92  # height of a digit in pixels
SAMPLE = 28  # number of the sample image: one with digits of many sizes
OVERLAP = 0.06  # most that two boxes may share of the smaller one
CONTRAST = 70  # least difference of 255 between a digit and its background


@dataclass(frozen=True)
class Samples:
    """The handwritten digits of one part: images in 0..1, and the digit that each shows."""

    images: np.ndarray  # [N, 8, 8]
    digits: np.ndarray


def load_samples() -> dict[str, Samples]:
    """Return the digits of each part."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        sys.exit("make_digits.py: needs the digits of scikit-learn: pip install scikit-learn")
    found = load_digits()
    images = (found.images / 16).astype(np.float32)
    test = Samples(images[TRAINING:], found.target[TRAINING:])
    return {
        "train": Samples(images[:TRAINING], found.target[:TRAINING]),
        "test": test,
        "sample": test,
    }


@dataclass(frozen=True)
class PlacedDigit:
    """A digit in an image: left, top, width and height of its ink in pixels."""

    digit: int
    left: int
    top: int
    width: int
    height: int

    def overlap(self, other: PlacedDigit) -> float:
        """Return the intersection with another box, as a fraction of the smaller box."""
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        down = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        smaller = min(self.width * self.height, other.width * other.height)
        return max(across, 0) * max(down, 0) / smaller

    def line(self, width: int, height: int) -> str:
        """Return the digit's line in the label file of an image of this size."""
        x, y = (self.left + self.width / 2) / width, (self.top + self.height / 2) / height
        return label_line(self.digit, x, y, self.width / width, self.height / height)


def ink_of(sample: np.ndarray, height: int, rng: Generator) -> np.ndarray:
    """Return a sample as smooth ink in 0..1, slightly rotated, `height` pixels high."""
    large = cv2.resize(np.pad(sample, 2), None, fx=FINE, fy=FINE, interpolation=cv2.INTER_CUBIC)
    large = cv2.GaussianBlur(large, (0, 0), FINE * 0.22)
    ink = np.clip((large - rng.uniform(0.36, 0.5)) / 0.14, 0, 1)
    side = ink.shape[0]
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), rng.normal(0, 6), 1)
    turn[0, 1] += rng.normal(0, 0.08)  # slant
    ink = cv2.warpAffine(ink, turn, (side, side))
    rows, columns = (np.flatnonzero((ink > 0.5).any(axis)) for axis in (1, 0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    width = max(round(height * ink.shape[1] / ink.shape[0] * rng.uniform(0.85, 1.15)), 4)
    return cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA)


def colour(rng: Generator, low: float = 20, high: float = 235) -> np.ndarray:
    """Return a colour close to grey, BGR float32."""
    grey, tint = rng.uniform(low, high), rng.normal(0, 32, 3)
    return np.clip(grey + tint, 0, 255).astype(np.float32)


def gradient(rng: Generator, width: int, height: int) -> np.ndarray:
    """Return a background that blends the colours of its four corners."""
    corners = np.stack([colour(rng) for _ in range(4)]).reshape(2, 2, 3)
    base = corners.mean((0, 1))
    corners = base + (corners - base) * rng.uniform(0.2, 0.7)
    return cv2.resize(corners.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)


def clouds(rng: Generator, width: int, height: int) -> np.ndarray:
    """Return a background of coarse and fine noise between two colours."""
    field, weight = np.zeros((height, width), np.float32), 1.0
    for cells in (3, 6, 12, 24, 48):
        noise = rng.random((cells, cells), np.float32)
        field += weight * cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
        weight *= rng.uniform(0.3, 0.7)
    return mixture(rng, (field - field.min()) / np.ptp(field))


def stripes(rng: Generator, width: int, height: int) -> np.ndarray:
    """Return a background of stripes or checks."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    field = np.ones((height, width), np.float32)
    for angle in rng.uniform(0, math.pi) + np.array([0, math.pi / 2])[: rng.integers(1, 3)]:
        wave = np.sin(
            (x * math.cos(angle) + y * math.sin(angle)) * 2 * math.pi / rng.uniform(9, 60)
        )
        field *= np.clip(0.5 + wave * rng.uniform(0.5, 4), 0, 1)
    return mixture(rng, field)


def mixture(rng: Generator, field: np.ndarray) -> np.ndarray:
    """Return a mixture of two similar colours by a field of 0..1."""
    first = colour(rng)
    second = first + (colour(rng) - first) * rng.uniform(0.25, 0.6)
    return first + (second - first) * field[..., None]


def blobs(rng: Generator, width: int, height: int) -> np.ndarray:
    """Return a background of ellipses with soft edges."""
    ground = gradient(rng, width, height)
    for _ in range(rng.integers(4, 14)):
        mask = np.zeros((height, width), np.float32)
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        axes = (int(rng.integers(10, 80)), int(rng.integers(10, 60)))
        cv2.ellipse(mask, centre, axes, rng.uniform(0, 180), 0, 360, 1, -1)
        mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(1, 9)) * rng.uniform(0.2, 0.6)
        ground += (colour(rng) - ground) * mask[..., None]
    return ground


def clutter(rng: Generator, width: int, height: int) -> np.ndarray:
    """Return a background with blurred strokes, like writing out of focus."""
    ground = GROUNDS[rng.integers(3)](rng, width, height)
    for _ in range(rng.integers(6, 20)):
        mask = np.zeros((height, width), np.float32)
        start, size = rng.uniform((0, 0), (width, height)), rng.uniform(10, 40)
        turns = np.cumsum(rng.normal(0, 0.5, 12)) + rng.uniform(0, 2 * math.pi)
        steps = np.stack([np.cos(turns), np.sin(turns)], 1) * size / 6
        points = np.rint(start + np.cumsum(steps, 0)).astype(np.int32)
        cv2.polylines(mask, [points], False, 1, int(rng.integers(2, 7)), cv2.LINE_AA)
        mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(3, 7)) * rng.uniform(0.3, 0.8)
        ground += (colour(rng) - ground) * mask[..., None]
    return ground


GROUNDS: list[Callable[[Generator, int, int], np.ndarray]] = [
    gradient,
    clouds,
    stripes,
    blobs,
    clutter,
]


def ink_colour(rng: Generator, ground: np.ndarray) -> np.ndarray:
    """Return a colour that contrasts with a piece of background."""
    below = ground.reshape(-1, 3).mean(0)
    for _ in range(50):
        found = colour(rng, 0, 255)
        if abs(float(found.mean() - below.mean())) > CONTRAST:
            return found
    return np.full(3, 255.0 if below.mean() < 128 else 0.0, np.float32)


def draw(canvas: np.ndarray, ink: np.ndarray, placed: PlacedDigit, rng: Generator) -> None:
    """Draw ink on an image [H, W, 3]."""
    rows = slice(placed.top, placed.top + placed.height)
    columns = slice(placed.left, placed.left + placed.width)
    ground = canvas[rows, columns]
    ground += (ink_colour(rng, ground) - ground) * (ink * rng.uniform(0.8, 1))[..., None]


def free_place(
    taken: Sequence[PlacedDigit],
    digit: int,
    ink: np.ndarray,
    width: int,
    height: int,
    rng: Generator,
) -> PlacedDigit | None:
    """Return a free place for ink, or None if 30 random ones all overlap other digits."""
    down, across = ink.shape
    if across > width - 4 or down > height - 4:
        return None
    for _ in range(30):
        left, top = rng.integers(2, width - across - 1), rng.integers(2, height - down - 1)
        found = PlacedDigit(digit, int(left), int(top), across, down)
        if all(found.overlap(other) <= OVERLAP for other in taken):
            return found
    return None


def scene(
    samples: Samples, rng: Generator, width: int, height: int, count: int
) -> tuple[np.ndarray, list[PlacedDigit]]:
    """Return an image, uint8 BGR, of at most `count` digits, and their places."""
    canvas = GROUNDS[rng.integers(len(GROUNDS))](rng, width, height)
    taken: list[PlacedDigit] = []
    for _ in range(count):
        index = rng.integers(len(samples.digits))
        tall = round(math.exp(rng.uniform(math.log(SMALLEST), math.log(LARGEST))))
        ink = ink_of(samples.images[index], tall, rng)
        found = free_place(taken, int(samples.digits[index]), ink, width, height, rng)
        if found:
            draw(canvas, ink, found, rng)
            taken.append(found)
    return camera_image(canvas, rng), taken


def camera_image(canvas: np.ndarray, rng: Generator) -> np.ndarray:
    """Return an image with the slight blur and noise of a camera, uint8."""
    if rng.random() < 0.4:
        canvas = cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.4, 0.9))
    noise = rng.normal(0, rng.uniform(0, 7), canvas.shape[:2])[..., None]
    return np.clip(np.rint(canvas + noise), 0, 255).astype(np.uint8)


def image(
    samples: Samples, seed: int, part: str, number: int
) -> tuple[np.ndarray, list[PlacedDigit]]:
    """Return one image of the set, which depends only on seed, part and number."""
    rng = np.random.default_rng([seed, PARTS[part], number])
    width = int(rng.choice([304, 320, 320, 336]))
    return scene(samples, rng, width, 240, int(rng.integers(2, 8)))


def write_part(folder: Path, samples: Samples, seed: int, part: str, count: int) -> None:
    """Write the images, labels and list of one part."""
    images = []
    for number in range(count):
        canvas, placed = image(samples, seed, part, number)
        path = folder / "JPEGImages" / f"{part}_{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = cv2.imencode(".jpg", canvas, [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
        path.write_bytes(content.tobytes())
        height, width = canvas.shape[:2]
        write_label(path, [one.line(width, height) for one in placed])
        images.append(path)
    write_list(folder / f"{part}.txt", images)


def write_sample(file: Path, samples: Samples, seed: int) -> None:
    """Write one image like the test images, as a PNG."""
    canvas, _ = image(samples, seed, "sample", SAMPLE)
    file.write_bytes(cv2.imencode(".png", canvas, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes())
    print(f"{file}: {file.stat().st_size} bytes")


def main() -> None:
    """Write what the command line asks for."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    add = parser.add_argument
    add("folder", type=Path, nargs="?", help="write the set here, for example digits")
    add("--seed", type=int, default=0, help="seed of the set (0)")
    add("--train", type=int, default=2000, metavar="N", help="number of training images (2000)")
    add("--test", type=int, default=400, metavar="N", help="number of test images (400)")
    add("--sample", type=Path, metavar="FILE", help="write one image like them, as a PNG")
    options = parser.parse_args()
    if not options.folder and not options.sample:
        parser.error("expected a folder for the set, or --sample FILE")
    samples = load_samples()
    if options.folder:
        for part, count in (("train", options.train), ("test", options.test)):
            write_part(options.folder, samples[part], options.seed, part, count)
    if options.sample:
        write_sample(options.sample, samples["sample"], options.seed)


if __name__ == "__main__":
    main()
