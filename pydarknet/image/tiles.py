"""Large images in tiles of one size, which overlap."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import UsageError

if TYPE_CHECKING:
    import numpy as np

OVERLAP: Final = 0.2  # of a tile's side
MOST_OVERLAP: Final = 0.9
LEAST, MOST = 32, 1 << 20  # pixels of a tile's side
SIZE: Final = re.compile(r"(\d{1,9})(?:[xX](\d{1,9}))?")


class Tile(NamedTuple):
    """A part of an image, in pixels from its left and top."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        """Its width and height."""
        return self.right - self.left, self.bottom - self.top

    def of(self, image: np.ndarray) -> np.ndarray:
        """Return this part of an image [H, W, C], without a copy."""
        return image[self.top : self.bottom, self.left : self.right]


@dataclass(frozen=True)
class Tiling:
    """How images are cut: the width and height of tiles in pixels, and what neighbours share.

    `overlap` is a share of their sides, the least. Raises UsageError for what cannot be.
    """

    width: int
    height: int
    overlap: float = OVERLAP

    def __post_init__(self) -> None:
        if not all(LEAST <= side <= MOST for side in (self.width, self.height)):
            size = f"{self.width} x {self.height}"
            raise UsageError(f"tiles of {size} pixels: expected sides of {LEAST} and more")
        if not 0 <= self.overlap <= MOST_OVERLAP:
            raise UsageError(f"an overlap of {self.overlap:g}: expected 0..{MOST_OVERLAP}")

    @classmethod
    def of(cls, size: object, overlap: float) -> Tiling:
        """Return the tiling of a size (width, height)."""
        sides = list(size) if isinstance(size, Sequence) else []
        if [type(side) for side in sides] != [int, int]:
            raise UsageError(f"tile = {size!r}: expected (width, height) in pixels")
        return cls(sides[0], sides[1], overlap)

    @classmethod
    def read(cls, text: str, overlap: float = OVERLAP) -> Tiling:
        """Return the tiling that a text names: 640x480, or 640 for squares."""
        found = SIZE.fullmatch(text)
        if not found:
            raise UsageError(f"-tile {text}: expected WIDTHxHEIGHT in pixels, such as 640x480")
        width, height = found.groups()
        return cls(int(width), int(height or width), overlap)

    def tiles(self, width: int, height: int) -> list[Tile]:
        """Return the tiles of an image, row by row: as few as cover it, spread evenly.

        All have the size of the tiling; a side that is longer than the image's is as long.
        """
        across, down = min(self.width, width), min(self.height, height)
        return [
            Tile(left, top, left + across, top + down)
            for top in starts(height, down, self.overlap)
            for left in starts(width, across, self.overlap)
        ]


def starts(length: int, side: int, overlap: float) -> list[int]:
    """Return where the tiles of a side begin that cover a length, each sharing enough."""
    step = max(side - math.ceil(overlap * side), 1)
    steps = -(-(length - side) // step)
    return [round(index * (length - side) / max(steps, 1)) for index in range(steps + 1)]
