#!/usr/bin/env python3
"""Time the matching and the averages of `detector map`: 5000 made-up images of 100 boxes each.

benchmarks/measure_matching.py [--images 5000] [--boxes 100] [--classes 80]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pydarknet.boxes.detections import Detections  # the copy beside this script
from pydarknet.evaluate.average_precision import summary
from pydarknet.evaluate.dataset_detections import ImageDetections
from pydarknet.evaluate.matched_dataset import match_dataset

TRUTHS = 10  # an image
NEAR = 0.02  # how far boxes of a truth are from it, as a standard deviation


def truths(generator: np.random.Generator, classes: int) -> np.ndarray:
    """Return rows of class, x, y, width, height."""
    boxes = generator.uniform([0.2, 0.2, 0.1, 0.1], [0.8, 0.8, 0.4, 0.4], (TRUTHS, 4))
    return np.column_stack([generator.integers(0, classes, TRUTHS), boxes])


def images(folder: Path, words: argparse.Namespace) -> Iterator[ImageDetections]:
    """Write the labels of images, and yield what is found in each: boxes around its truths."""
    generator = np.random.default_rng(1)
    for index in range(words.images):
        rows = truths(generator, words.classes)
        text = "".join("{:.0f} {:.6f} {:.6f} {:.6f} {:.6f}\n".format(*row) for row in rows)
        (folder / f"{index}.txt").write_text(text)
        of = generator.integers(0, TRUTHS, words.boxes)
        boxes = rows[of, 1:] + generator.normal(0, NEAR, (words.boxes, 4))
        scores = np.zeros((words.boxes, words.classes))
        scores[np.arange(words.boxes), rows[of, 0].astype(int)] = generator.random(words.boxes)
        found = Detections(
            torch.tensor(boxes).float(), torch.ones(words.boxes), torch.tensor(scores).float()
        )
        yield ImageDetections(index, str(folder / f"{index}.png"), 640, 480, found)


def main() -> None:
    """Print the seconds, labels read and all, and the mean that came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--boxes", type=int, default=100)
    parser.add_argument("--classes", type=int, default=80)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        made = list(images(Path(name), words))
        start = time.perf_counter()
        names = tuple(str(index) for index in range(words.classes))
        report = summary(match_dataset(made, names, 0.5, "alexeyab"))
        seconds = time.perf_counter() - start
    count = words.images * words.boxes
    mean = report.mean_average_precision
    print(f"{words.images} images, {count} detections: {seconds:.1f} s, mAP {mean:.2%}")


if __name__ == "__main__":
    main()
