"""Zones that count who is inside, by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .lines import SURE, Point
from .tracks import FORGET, Track


@dataclass
class Stay:
    """Whether an object is in a zone, whether it ever was, and when it was last seen."""

    inside: bool
    counted: bool = False
    seconds: float = 0.0


class ZoneCount:
    """How many are inside a polygon of points in pixels now, and how many ever were, by class.

    An object that trembles on the edge does not go in and out, and is counted once in `entered`.
    """

    def __init__(self, points: Sequence[Point]) -> None:
        self.points = tuple(points)
        self.contour = np.array(points, np.float32)
        self.inside: Counter[int] = Counter()
        self.entered: Counter[int] = Counter()
        self.stays: dict[int, Stay] = {}

    def update(self, tracks: Iterable[Track], seconds: float) -> None:
        """Count who is inside in a frame of this time."""
        self.inside.clear()
        for track in tracks:
            if self.holds(track, seconds):
                self.inside[track.best] += 1
        old = [number for number, one in self.stays.items() if one.seconds < seconds - FORGET]
        for number in old:
            del self.stays[number]

    def holds(self, track: Track, seconds: float) -> bool:
        """Return whether an object is inside, and count it if it is so for the first time."""
        depth = self.depth(track.spot.x, track.spot.y)
        stay = self.stays.setdefault(track.id, Stay(depth >= 0))
        stay.seconds = seconds
        if abs(depth) > SURE * track.side:
            stay.inside = depth > 0
        if stay.inside and not stay.counted:
            stay.counted = True
            self.entered[track.best] += 1
        return stay.inside

    def depth(self, x: float, y: float) -> float:
        """Return how far a point is inside the polygon, in pixels; negative outside."""
        return cv2.pointPolygonTest(self.contour, (x, y), True)
