"""Boxes and objects for the tests of what is followed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.tracking.tracks import Spot, Track


def boxes(*rows: Sequence[float], scores: Sequence[Sequence[float]] = ()) -> BoxArrays:
    """Return boxes of two classes; without scores all are of the first, 0.9."""
    given = np.array(scores or [[0.9, 0]] * len(rows), np.float32).reshape(-1, 2)
    return BoxArrays(
        np.array(rows, np.float32).reshape(-1, 4), given.max(1), given, names=("car", "bus")
    )


def track(number: int, x: float, y: float, side: float = 10.0, kind: int = 0) -> Track:
    """Return an object that stands at a point, in pixels, as large as a square of a side."""
    made = Track(number, np.eye(2)[kind], np.zeros(4, np.float32), side)
    made.spots.append(Spot(0.0, x, y))
    return made
