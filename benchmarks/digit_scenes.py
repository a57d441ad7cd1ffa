"""Large images of digits whose boxes are known: those of data/digits.png, in many sizes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

ROOT: Final = Path(__file__).resolve().parents[1]
SOURCE: Final = ROOT / "data" / "digits.png"
# class, and left, top, right, bottom of each digit of data/digits.png in pixels
DIGITS: Final = (
    (6, (67, 73, 100, 119)),
    (5, (196, 195, 212, 221)),
    (5, (130, 204, 148, 232)),
    (4, (160, 97, 189, 135)),
    (2, (275, 16, 296, 50)),
    (0, (176, 176, 195, 204)),
)
MARGIN: Final = 6  # pixels of background that are copied with a digit, and fade


@dataclass(frozen=True)
class Scene:
    """An image uint8 RGB [H, W, 3], and the class and left, top, right, bottom of its digits."""

    image: np.ndarray
    classes: np.ndarray
    boxes: np.ndarray  # float32 [K, 4], pixels


def scene(seed: int, size: tuple[int, int], heights: tuple[float, float], tries: int) -> Scene:
    """Return a scene of a width and height: digits of a range of heights that do not touch."""
    rng = np.random.default_rng(seed)
    corners = rng.integers(140, 200, (2, 2, 3)).astype(np.float32)
    image = cv2.resize(corners, size, interpolation=cv2.INTER_LINEAR)
    source = np.asarray(cv2.imread(str(SOURCE)))[..., ::-1].astype(np.float32)
    around: list[tuple[int, int, int, int]] = []
    found: list[tuple[int, ...]] = []
    for _ in range(tries):
        kind, ink = DIGITS[rng.integers(len(DIGITS))]
        factor = rng.uniform(*heights) / (ink[3] - ink[1])
        patch, inner = digit(source, ink, factor)
        high, wide = patch.shape[:2]
        if wide >= size[0] or high >= size[1]:
            continue
        left, top = (int(rng.integers(room)) for room in (size[0] - wide, size[1] - high))
        place = (left, top, left + wide, top + high)
        if not any(meet(place, other) for other in around):
            around.append(place)
            paste(image, patch, left, top, round(MARGIN * factor))
            found.append((kind, *(inner + np.tile((left, top), 2))))
    table = np.array(found, np.float32).reshape(-1, 5)
    return Scene(image.clip(0, 255).astype(np.uint8), table[:, 0].astype(int), table[:, 1:])


def digit(
    source: np.ndarray, ink: tuple[int, int, int, int], factor: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return a digit with some background, enlarged, and where its ink is in that."""
    left, top, right, bottom = ink
    begin, above = max(left - MARGIN, 0), max(top - MARGIN, 0)
    patch = source[above : bottom + MARGIN, begin : right + MARGIN]
    large = cv2.resize(patch, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
    return large, (np.array(ink) - np.array((begin, above) * 2)) * factor


def meet(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    """Return whether two boxes overlap."""
    return all(one[i] < other[i + 2] and other[i] < one[i + 2] for i in range(2))


def paste(image: np.ndarray, patch: np.ndarray, left: int, top: int, margin: int) -> None:
    """Lay a patch on an image in place; it fades into it in its margin."""
    high, wide = patch.shape[:2]
    across = np.minimum(np.arange(wide) + 1, np.arange(wide, 0, -1)) / max(margin, 1)
    down = np.minimum(np.arange(high) + 1, np.arange(high, 0, -1)) / max(margin, 1)
    share = np.minimum(down[:, None], across).clip(0, 1)[..., None]
    some = image[top : top + high, left : left + wide]
    some[:] = some * (1 - share) + patch * share
