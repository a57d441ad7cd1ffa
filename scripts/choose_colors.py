#!/usr/bin/env python3
"""Choose the distinct colours of boxes/palette.py, and print them with their distances.

Colours are light and strong enough for lines on a photograph. After the first two, each is as far
as can be from all before it, for eyes with all colours and for those without red, green or blue, as
Machado, Oliveira and Fernandes (2009) simulate them. Distances are OKLab's (Ottosson, 2020).
"""

from __future__ import annotations

import argparse
import sys
from itertools import combinations
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pydarknet.boxes.palette import class_color  # the copy beside this script

COMPARED = 20  # colours whose least distance is printed
FIRST = [(255, 60, 120), (0, 195, 255)]
STEP = 15  # of red, green and blue in what is chosen from
LIGHTNESS, CHROMA = (0.53, 0.95), 0.15
WEIGHTS = {"all colours": 0.62, "no red": 1.0, "no green": 1.0, "no blue": 1.3}  # blue is rare
VIEWS = {
    "all colours": np.eye(3),
    "no red": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "no green": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "no blue": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def as_seen(colors: np.ndarray, view: str = "all colours") -> np.ndarray:
    """Return sRGB colours [N, 3] in 0..255 as an eye sees them, in OKLab [N, 3]."""
    share = colors / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ VIEWS[view].T, 0, 1)
    return np.cbrt(seen @ TO_CONES.T) @ TO_LAB.T


def candidates() -> np.ndarray:
    """Return the colours [N, 3] that are chosen from."""
    steps = np.arange(0, 256, STEP)
    colors = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)
    light, *others = as_seen(colors).T
    chroma = np.hypot(*others)
    return colors[(light > LIGHTNESS[0]) & (light < LIGHTNESS[1]) & (chroma > CHROMA)]


def choose(count: int) -> tuple[np.ndarray, list[float]]:
    """Return colours [count, 3], and how far each is from those before it."""
    colors = candidates()
    views = [(as_seen(colors, view), weight) for view, weight in WEIGHTS.items()]

    def from_one(index: int) -> np.ndarray:
        return np.min([w * np.linalg.norm(lab - lab[index], axis=1) for lab, w in views], 0)

    chosen = [int(np.abs(colors - np.array(first)).sum(1).argmin()) for first in FIRST]
    far = np.min([from_one(index) for index in chosen], 0)
    steps: list[float] = []
    while len(chosen) < count:
        chosen.append(int(far.argmax()))
        steps.append(float(far[chosen[-1]]))
        far = np.minimum(far, from_one(chosen[-1]))
    return colors[chosen[:count]], steps


def least(colors: np.ndarray, view: str) -> float:
    """Return the least distance of any two colours as an eye sees them."""
    pairs = combinations(as_seen(colors, view), 2)
    return min(float(np.linalg.norm(one - other)) for one, other in pairs)


def main() -> None:
    """Print the colours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=80)
    colors, steps = choose(parser.parse_args().count)
    print(" ".join(bytes(color.tolist()).hex() for color in colors))
    print("distances from the third on:", " ".join(f"{step:.3f}" for step in steps))
    of_the_c = np.array([class_color(k, 80) for k in range(COMPARED)])
    print(f"the least distance of any two of the first {COMPARED}, and of the C's of 80 classes:")
    for view in VIEWS:
        print(f"{view}: {least(colors[:COMPARED], view):.3f} {least(of_the_c, view):.3f}")


if __name__ == "__main__":
    main()
