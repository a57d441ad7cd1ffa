#!/usr/bin/env python3
"""Measure what tiles find in large images of digits, and what they take, beside no tiles.

`twice` counts boxes of the right class that lie in a digit's box, or around it, and are not the one
that is matched with it: what seams or several views leave. `wrong` are all others.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from typing import Final

import numpy as np
from digit_scenes import ROOT, Scene, scene

sys.path.insert(0, str(ROOT))

import pydarknet
from pydarknet import Network
from pydarknet.boxes.box_arrays import BoxArrays

MATCH: Final = 0.5  # the IoU from which on a box is that of a digit
INSIDE: Final = 0.6  # of the smaller of two boxes, which lies in the other
OVERLAPS: Final = (0, 0.1, 0.2, 0.5)
TRIES: Final = 300  # digits that are laid into a scene, unless they touch another
HEIGHTS: Final = {"small": (20, 60), "large": (150, 400), "of all sizes": (20, 400)}


@dataclass
class Tally:
    """How many digits there are, how many are found, and what else is."""

    digits: int = 0
    found: int = 0
    twice: int = 0
    wrong: int = 0
    seconds: float = 0

    def line(self, images: int) -> str:
        """Return the numbers of a line."""
        found = f"{self.found / self.digits:.1%}"
        seconds = self.seconds / images
        return f"{self.digits:6} {found:>7} {self.twice:6} {self.wrong:6} {seconds:7.2f} s"

    def add(self, seen: Scene, boxes: BoxArrays) -> None:
        """Count the boxes found in a scene; the best takes the digit."""
        height, width = seen.image.shape[:2]
        sides, classes = boxes.xyxy(width, height), boxes.classes
        free = np.ones(len(seen.boxes), bool)
        self.digits += len(free)
        for index in np.argsort(-boxes.scores):
            overlap, inside = overlaps(sides[index], seen.boxes)
            same = seen.classes == classes[index]
            best = int((overlap * (same & free)).argmax()) if len(free) else 0
            if len(free) and free[best] and same[best] and overlap[best] >= MATCH:
                free[best] = False
                self.found += 1
            elif ((inside >= INSIDE) & same).any():
                self.twice += 1
            else:
                self.wrong += 1


def overlaps(box: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the IoU of a box with others [K, 4], and how much of the smaller lies in the other."""
    size = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    common = size.clip(0).prod(1)
    area, areas = (box[2:] - box[:2]).prod(), (others[:, 2:] - others[:, :2]).prod(1)
    return common / (area + areas - common), common / np.minimum(area, areas)


def measure(
    network: Network, scenes: list[Scene], tile: tuple[int, int] | None, overlap: float
) -> Tally:
    """Return what is found in scenes, after a first look at one that takes no time."""
    tally = Tally()
    network.detect(scenes[0].image, tile=tile, overlap=overlap)
    for seen in scenes:
        start = time.perf_counter()
        found = network.detect(seen.image, tile=tile, overlap=overlap)
        tally.seconds += time.perf_counter() - start
        tally.add(seen, found.numpy())
    return tally


def main() -> None:
    """Print a line per kind of scene and way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-images", type=int, default=4)
    parser.add_argument("-width", type=int, default=2400)
    parser.add_argument("-height", type=int, default=1800)
    parser.add_argument("-tile", default="320x240")
    words = parser.parse_args()
    width, height = map(int, words.tile.split("x"))
    tile = width, height
    network = pydarknet.load_network(
        ROOT / "cfg/digits.cfg", ROOT / "weights/digits.weights", device="cpu"
    )
    network.detect(np.zeros((64, 64, 3), np.uint8))
    print(f"{words.images} images of {words.width} x {words.height}, tiles of {words.tile}")
    print(
        f"{'digits':13} {'way':18} {'digits':>7} {'found':>7} {'twice':>6} {'wrong':>6} a picture"
    )
    ways = {"whole": (None, 0.0)} | {f"overlap {x:g}": (tile, x) for x in OVERLAPS}
    for name, heights in HEIGHTS.items():
        size = words.width, words.height
        scenes = [scene(seed, size, heights, TRIES) for seed in range(words.images)]
        for way, (sides, overlap) in ways.items():
            one = measure(network, scenes, sides, overlap)
            print(f"{name:13} {way:12} {one.line(words.images)}", flush=True)


if __name__ == "__main__":
    main()
