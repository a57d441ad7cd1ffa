#!/usr/bin/env python3
"""Make a small data set of handwritten digits on varied grounds, for the detector cfg/digits.cfg.

The digits are the 1797 that scikit-learn ships, of 8 x 8 pixels: the first 1437 are placed in
training images, the last 360 in test images, so that no test digit was ever trained on. Each image
is drawn from the seed, its part and its number alone: the same call gives the same set, and more
images leave the first ones as they are.

Writes FOLDER/JPEGImages, FOLDER/labels, FOLDER/train.txt and FOLDER/test.txt. Lists name images as
FOLDER is typed, which is from where you start Darknet: cfg/digits.data expects `digits`.
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

TRAINING = 1437  # samples; the others are for testing
PARTS = {"train": 0, "test": 1, "sample": 2}  # what a seed's image is for
FINE = 16  # pixels that a pixel of a sample becomes before it is shaped
SMALLEST, LARGEST = 18, 92  # heights of digits, in pixels
SAMPLE = 28  # the number of the sample picture: one with digits of many sizes
OVERLAP = 0.06  # of the smaller of two digits' boxes, at most
CONTRAST = 70  # of 255, between a digit and the ground below it, at least


@dataclass(frozen=True)
class Samples:
    """The handwritten digits of one part: pictures in 0..1, and what they show."""

    pictures: np.ndarray  # [N, 8, 8]
    digits: np.ndarray


def load_samples() -> dict[str, Samples]:
    """Return the digits for training and for testing."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        sys.exit("make_digits.py: needs scikit-learn, for its digits: pip install scikit-learn")
    found = load_digits()
    pictures = (found.images / 16).astype(np.float32)
    test = Samples(pictures[TRAINING:], found.target[TRAINING:])
    return {
        "train": Samples(pictures[:TRAINING], found.target[:TRAINING]),
        "test": test,
        "sample": test,
    }


@dataclass(frozen=True)
class Placed:
    """A digit in its place: left, top, width and height of its ink, in pixels."""

    digit: int
    left: int
    top: int
    width: int
    height: int

    def overlap(self, other: Placed) -> float:
        """Return what of the smaller of two boxes lies in both."""
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        down = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        smaller = min(self.width * self.height, other.width * other.height)
        return max(across, 0) * max(down, 0) / smaller

    def line(self, width: int, height: int) -> str:
        """Return the digit's line in a label file of an image of that size."""
        x, y = (self.left + self.width / 2) / width, (self.top + self.height / 2) / height
        return label_line(self.digit, x, y, self.width / width, self.height / height)


def shaped(sample: np.ndarray, height: int, rng: Generator) -> np.ndarray:
    """Return a sample as smooth ink in 0..1, of that height, cut to its edges; turned a little."""
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
    """Return a colour, BGR float32, not too far from a grey."""
    grey, tint = rng.uniform(low, high), rng.normal(0, 32, 3)
    return np.clip(grey + tint, 0, 255).astype(np.float32)


def gradient(rng: Generator, width: int, height: int) -> np.ndarray:
    """Return a ground that runs between the colours of its four corners."""
    corners = np.stack([colour(rng) for _ in range(4)]).reshape(2, 2, 3)
    base = corners.mean((0, 1))
    corners = base + (corners - base) * rng.uniform(0.2, 0.7)
    return cv2.resize(corners.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)


def clouds(rng: Generator, width: int, height: int) -> np.ndarray:
    """Return a ground of noise, coarse and fine, between two colours."""
    field, weight = np.zeros((height, width), np.float32), 1.0
    for cells in (3, 6, 12, 24, 48):
        noise = rng.random((cells, cells), np.float32)
        field += weight * cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
        weight *= rng.uniform(0.3, 0.7)
    return mixed(rng, (field - field.min()) / np.ptp(field))


def stripes(rng: Generator, width: int, height: int) -> np.ndarray:
    """Return a ground of stripes or, of two crossing, checks."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    field = np.ones((height, width), np.float32)
    for angle in rng.uniform(0, math.pi) + np.array([0, math.pi / 2])[: rng.integers(1, 3)]:
        wave = np.sin(
            (x * math.cos(angle) + y * math.sin(angle)) * 2 * math.pi / rng.uniform(9, 60)
        )
        field *= np.clip(0.5 + wave * rng.uniform(0.5, 4), 0, 1)
    return mixed(rng, field)


def mixed(rng: Generator, field: np.ndarray) -> np.ndarray:
    """Return a field of 0..1 as a mixture of two colours that are not too far apart."""
    first = colour(rng)
    second = first + (colour(rng) - first) * rng.uniform(0.25, 0.6)
    return first + (second - first) * field[..., None]


def blobs(rng: Generator, width: int, height: int) -> np.ndarray:
    """Return a ground of ellipses with soft edges."""
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
    """Return a ground with blurred strokes, as of writing far out of focus."""
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
    """Return a colour that stands out from a piece of ground."""
    below = ground.reshape(-1, 3).mean(0)
    for _ in range(50):
        found = colour(rng, 0, 255)
        if abs(float(found.mean() - below.mean())) > CONTRAST:
            return found
    return np.full(3, 255.0 if below.mean() < 128 else 0.0, np.float32)


def laid(picture: np.ndarray, ink: np.ndarray, placed: Placed, rng: Generator) -> None:
    """Lay ink onto a picture [H, W, 3]."""
    rows = slice(placed.top, placed.top + placed.height)
    columns = slice(placed.left, placed.left + placed.width)
    ground = picture[rows, columns]
    ground += (ink_colour(rng, ground) - ground) * (ink * rng.uniform(0.8, 1))[..., None]


def place(
    taken: Sequence[Placed], digit: int, ink: np.ndarray, width: int, height: int, rng: Generator
) -> Placed | None:
    """Return a place for ink beside those that are taken, or none if none is found."""
    down, across = ink.shape
    if across > width - 4 or down > height - 4:
        return None
    for _ in range(30):
        left, top = rng.integers(2, width - across - 1), rng.integers(2, height - down - 1)
        found = Placed(digit, int(left), int(top), across, down)
        if all(found.overlap(other) <= OVERLAP for other in taken):
            return found
    return None


def scene(
    samples: Samples, rng: Generator, width: int, height: int, count: int
) -> tuple[np.ndarray, list[Placed]]:
    """Return an image, BGR bytes, of at most so many digits, and where they are."""
    picture = GROUNDS[rng.integers(len(GROUNDS))](rng, width, height)
    taken: list[Placed] = []
    for _ in range(count):
        index = rng.integers(len(samples.digits))
        tall = round(math.exp(rng.uniform(math.log(SMALLEST), math.log(LARGEST))))
        ink = shaped(samples.pictures[index], tall, rng)
        found = place(taken, int(samples.digits[index]), ink, width, height, rng)
        if found:
            laid(picture, ink, found, rng)
            taken.append(found)
    return photographed(picture, rng), taken


def photographed(picture: np.ndarray, rng: Generator) -> np.ndarray:
    """Return a picture as a camera would have it: a little blurred, a little noisy."""
    if rng.random() < 0.4:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 0.9))
    noise = rng.normal(0, rng.uniform(0, 7), picture.shape[:2])[..., None]
    return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)


def image(samples: Samples, seed: int, part: str, number: int) -> tuple[np.ndarray, list[Placed]]:
    """Return one image of the set: its seed, part and number decide everything."""
    rng = np.random.default_rng([seed, PARTS[part], number])
    width = int(rng.choice([304, 320, 320, 336]))
    return scene(samples, rng, width, 240, int(rng.integers(2, 8)))


def write_part(folder: Path, samples: Samples, seed: int, part: str, count: int) -> None:
    """Write images, labels and list of one part."""
    images = []
    for number in range(count):
        picture, placed = image(samples, seed, part, number)
        path = folder / "JPEGImages" / f"{part}_{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
        path.write_bytes(content.tobytes())
        height, width = picture.shape[:2]
        write_label(path, [one.line(width, height) for one in placed])
        images.append(path)
    write_list(folder / f"{part}.txt", images)


def write_sample(file: Path, samples: Samples, seed: int) -> None:
    """Write one image of the kind of the test images as a PNG."""
    picture, _ = image(samples, seed, "sample", SAMPLE)
    file.write_bytes(cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes())
    print(f"{file}: {file.stat().st_size} bytes")


def main() -> None:
    """Do what the command line says."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    add = parser.add_argument
    add("folder", type=Path, nargs="?", help="where to write the set, such as digits")
    add("--seed", type=int, default=0, help="another seed makes another set (0)")
    add("--train", type=int, default=2000, metavar="N", help="training images (2000)")
    add("--test", type=int, default=400, metavar="N", help="test images (400)")
    add("--sample", type=Path, metavar="FILE", help="write one picture of the kind, as a PNG")
    options = parser.parse_args()
    if not options.folder and not options.sample:
        parser.error("name a folder for the set, or a --sample to write")
    samples = load_samples()
    if options.folder:
        for part, count in (("train", options.train), ("test", options.test)):
            write_part(options.folder, samples[part], options.seed, part, count)
    if options.sample:
        write_sample(options.sample, samples["sample"], options.seed)


if __name__ == "__main__":
    main()
