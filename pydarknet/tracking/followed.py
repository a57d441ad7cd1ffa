"""What is known of a frame whose objects are followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..boxes.draw import Extras
from .counts import Sums
from .overlay import draw_places, write_sums
from .tracks import Track


@dataclass(frozen=True)
class Followed:
    """What is known of the boxes of a frame, a row for each, beside their ids; and the counts.

    `similarities` are the overlaps of each box and the one of its object in the frame before.
    """

    similarities: Sequence[float]
    extras: Extras
    sums: Sums | None
    size: tuple[int, int]  # of the frames in which lines and zones lie

    def ground(self, pixels: np.ndarray) -> np.ndarray:
        """Return a frame, uint8 RGB [H, W, 3], with lines and zones, on which boxes are drawn."""
        if not self.sums:
            return pixels
        canvas = pixels.copy()
        draw_places(canvas, self.sums, self.size)
        return canvas

    def write(self, canvas: np.ndarray, font: str | None) -> None:
        """Write the numbers of lines and zones onto a frame with its boxes."""
        if self.sums:
            write_sums(canvas, self.sums, self.size, font)


def extras_of(tracks: Sequence[Track | None], size: tuple[int, int]) -> Extras:
    """Return what is drawn of objects beside their boxes: numbers and trails."""
    width, height = size
    return Extras(
        notes=[f"#{track.id}" if track else "" for track in tracks],
        trails=[
            [(spot.x / width, spot.y / height) for spot in track.spots] if track else []
            for track in tracks
        ],
    )
