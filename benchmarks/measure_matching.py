#!/usr/bin/env python3
"""Measure matching and averages of `detector map` on random boxes: 5000 images of 100 boxes.

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

BOXES = 10  # of the ground truth of an image
NEAR = 0.02  # standard deviation of the distance of a box from its ground truth


def ground_truth(rng: np.random.Generator, classes: int) -> np.ndarray:
    """Return random rows of class, x, y, width, height."""
    boxes = rng.uniform([0.2, 0.2, 0.1, 0.1], [0.8, 0.8, 0.4, 0.4], (BOXES, 4))
    return np.column_stack([rng.integers(0, classes, BOXES), boxes])


def detections(folder: Path, options: argparse.Namespace) -> Iterator[ImageDetections]:
    """Write the labels of images, and yield detections of each: boxes around its ground truth."""
    rng = np.random.default_rng(1)
    for index in range(options.images):
        rows = ground_truth(rng, options.classes)
        text = "".join("{:.0f} {:.6f} {:.6f} {:.6f} {:.6f}\n".format(*row) for row in rows)
        (folder / f"{index}.txt").write_text(text)
        of = rng.integers(0, BOXES, options.boxes)
        boxes = rows[of, 1:] + rng.normal(0, NEAR, (options.boxes, 4))
        scores = np.zeros((options.boxes, options.classes))
        scores[np.arange(options.boxes), rows[of, 0].astype(int)] = rng.random(options.boxes)
        found = Detections(
            torch.tensor(boxes).float(), torch.ones(options.boxes), torch.tensor(scores).float()
        )
        yield ImageDetections(index, str(folder / f"{index}.png"), 640, 480, found)


def main() -> None:
    """Print the seconds, including reading the labels, and the mean average precision."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--boxes", type=int, default=100)
    parser.add_argument("--classes", type=int, default=80)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        detected = list(detections(Path(name), options))
        start = time.perf_counter()
        names = tuple(str(index) for index in range(options.classes))
        report = summary(match_dataset(detected, names, 0.5, "alexeyab"))
        seconds = time.perf_counter() - start
    count = options.images * options.boxes
    mean = report.mean_average_precision
    print(f"{options.images} images, {count} detections: {seconds:.1f} s, mAP {mean:.2%}")


if __name__ == "__main__":
    main()
