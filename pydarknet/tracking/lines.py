"""Lines that count who crosses them, by class and direction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from .tracks import FORGET, Spot, Track

Point = tuple[float, float]
IN, OUT = "in", "out"
SURE: Final = 0.1  # of an object's side must it be away from a line to be on a side of it


class Line(NamedTuple):
    """A line between two points in pixels; `in` leads to its left, seen from start to end.

    For one from the left to the right of the picture that is up, as in supervision's LineZone.
    """

    start: Point
    end: Point

    def distance(self, x: float, y: float) -> float:
        """Return how far a point is from the line, which is extended; to its right above 0."""
        across, down = self.end[0] - self.start[0], self.end[1] - self.start[1]
        product = across * (y - self.start[1]) - down * (x - self.start[0])
        return product / (across**2 + down**2) ** 0.5

    def share(self, x: float, y: float) -> float:
        """Return where along the line a point lies: 0 beside its start, 1 beside its end."""
        across, down = self.end[0] - self.start[0], self.end[1] - self.start[1]
        product = across * (x - self.start[0]) + down * (y - self.start[1])
        return product / (across**2 + down**2)


@dataclass
class Passage:
    """Where an object is to a line: where it was last, and the side of which that is sure.

    `sure` is 1 or -1, 0 as long as it has only been near the line. `through` says whether it went
    between the line's ends when it last changed sides.
    """

    spot: Spot
    sure: int = 0
    through: bool = False


@dataclass
class LineCount:
    """How many crossed a line, by direction and class.

    An object that trembles on the line is counted once it is surely on the other side, so never
    twice without coming back. Who goes around an end of the line is not counted.
    """

    line: Line
    crossed: dict[str, Counter[int]] = field(
        default_factory=lambda: {IN: Counter(), OUT: Counter()}
    )
    passages: dict[int, Passage] = field(default_factory=dict)

    def update(self, tracks: Iterable[Track], seconds: float) -> None:
        """Count who is on the other side in a frame of this time."""
        for track in tracks:
            self.follow(track)
        old = [n for n, one in self.passages.items() if one.spot.seconds < seconds - FORGET]
        for number in old:
            del self.passages[number]

    def follow(self, track: Track) -> None:
        """Count one object if it crossed the line."""
        spot = track.spot
        passage = self.passages.setdefault(track.id, Passage(spot))
        now = self.line.distance(spot.x, spot.y)
        before = self.line.distance(passage.spot.x, passage.spot.y)
        if (now > 0) != (before > 0):
            part = before / (before - now)  # of the way from there to here
            x = passage.spot.x + part * (spot.x - passage.spot.x)
            y = passage.spot.y + part * (spot.y - passage.spot.y)
            passage.through = 0 <= self.line.share(x, y) <= 1
        passage.spot = spot
        if abs(now) > SURE * track.side:
            side = 1 if now > 0 else -1
            if passage.sure == -side and passage.through:
                self.crossed[OUT if side > 0 else IN][track.best] += 1
            passage.sure = side
