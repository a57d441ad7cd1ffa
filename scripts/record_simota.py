#!/usr/bin/env python3
"""Record what the official YOLOX assigns to random boxes; the tests assign to the same ones.

git clone https://github.com/Megvii-BaseDetection/YOLOX /tmp/YOLOX
python scripts/record_simota.py /tmp/YOLOX tests/reference/yolox/simota.npz
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from official_yolox import official_head

CASES: Final = 1000
CLASSES: Final = 3
SIZE: Final = (96, 64)  # of the input: width and height
STRIDES: Final = (8, 16, 32)


@dataclass(frozen=True)
class Case:
    """Predicted and true boxes of an image, in pixels, centres and sides; float32.

    Every number is a small multiple of a power of two, so all machines compute the same ones.
    """

    cells: np.ndarray  # [P, 3]: column, row, stride
    boxes: np.ndarray  # [P, 4]
    objectness: np.ndarray  # [P], before the logistic
    classes: np.ndarray  # [P, CLASSES], before the logistic
    truth: np.ndarray  # [T, 4]
    kinds: np.ndarray  # [T], the classes of the true boxes


def cases() -> Iterator[Case]:
    """Yield the random cases.

    Every tenth has no true box, every fifth has two true boxes within a cell, others are crowds, or
    have boxes smaller than a cell, or at the borders of image and cells.
    """
    for number in range(CASES):
        yield case(np.random.RandomState(number), number)


def case(random: np.random.RandomState, number: int) -> Case:
    """Return one case."""
    cells = np.array(
        [
            (column, row, stride)
            for stride in STRIDES[: 1 + number % 3]
            for row in range(SIZE[1] // stride)
            for column in range(SIZE[0] // stride)
        ],
        np.float32,
    )
    truth = true_boxes(random, number)
    near = predicted_boxes(random, cells, truth)
    objectness = random.randint(-1500, 1500, len(cells)) / 256
    classes = random.randint(-1500, 1500, (len(cells), CLASSES)) / 256
    kinds = random.randint(0, CLASSES, len(truth))
    numbers = (cells, near, objectness, classes, truth)
    return Case(*(array.astype(np.float32) for array in numbers), kinds)


def true_boxes(random: np.random.RandomState, number: int) -> np.ndarray:
    """Return true boxes [T, 4]."""
    if number % 10 == 0:
        return np.zeros((0, 4))
    count = random.randint(1, 13)
    sides = random.randint(8, 64 * 8, (count, 2)) / 8  # 1 to 64 pixels
    if number % 4 == 1:
        sides = random.randint(4, 8 * 8, (count, 2)) / 8  # less than a cell
    steps = 1 if number % 7 else 32  # those of 32 lie on borders and in middles of cells
    limits = np.array(SIZE) * 8 // steps
    centres = random.randint(0, limits + 1, (count, 2)) * steps / 8
    if number % 5 == 1 and count > 1:
        centres[1] = centres[0] + random.randint(-8, 9, 2) / 8  # within a cell: claimed twice
        sides[1] = sides[0] + random.randint(0, 9, 2) / 8
    return np.concatenate([centres, sides], 1)


def predicted_boxes(
    random: np.random.RandomState, cells: np.ndarray, truth: np.ndarray
) -> np.ndarray:
    """Return a box for each cell, [P, 4]: half of them random, half near a true box."""
    stride = cells[:, 2:]
    places = random.randint(-256, 513, (len(cells), 2)) / 256  # a cell beyond each side
    sides = random.randint(16, 1024, (len(cells), 2)) / 256
    boxes = np.concatenate([(cells[:, :2] + places) * stride, sides * stride], 1)
    if len(truth):
        chosen = truth[random.randint(0, len(truth), len(cells))]
        noise = random.randint(-32, 33, chosen.shape) / 8
        alike = np.concatenate(
            [chosen[:, :2] + noise[:, :2], np.maximum(chosen[:, 2:] + noise[:, 2:], 0.5)], 1
        )
        boxes = np.where(random.randint(0, 2, (len(cells), 1)) == 1, alike, boxes)
    return boxes


def pairs(head: torch.nn.Module, one: Case) -> np.ndarray:
    """Return the places and rows that the official head assigns to each other, [K, 2]."""
    if not len(one.truth):
        return np.zeros((0, 2), np.int16)  # get_losses asks for no assignment
    column, row, stride = torch.from_numpy(one.cells).T[:, None]  # [1, P] each
    logits = torch.from_numpy(one.classes)[None], torch.from_numpy(one.objectness)[None, :, None]
    boxes = torch.from_numpy(one.truth), torch.from_numpy(one.kinds)
    _, mask, _, rows, _ = head.get_assignments(
        0, len(one.truth), *boxes, torch.from_numpy(one.boxes), stride, column, row, *logits
    )
    return np.stack([mask.nonzero()[:, 0], rows], 1).astype(np.int16)


def main() -> None:
    """Record the pairs of all cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clone", type=Path, help="the folder of YOLOX")
    parser.add_argument("out", type=Path, help="the .npz to write")
    arguments = parser.parse_args()
    head = official_head(arguments.clone).YOLOXHead(CLASSES)
    found = [pairs(head, one) for one in cases()]
    counts = np.array([len(one) for one in found], np.int16)
    np.savez_compressed(arguments.out, pairs=np.concatenate(found), counts=counts)


if __name__ == "__main__":
    main()
