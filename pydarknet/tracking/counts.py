"""All lines and zones of a picture, and what they counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from .lines import IN, OUT, Line, LineCount, Point
from .tracks import Track
from .zones import ZoneCount

Name = Callable[[int], str]


class LineSum(NamedTuple):
    """How many crossed a line up to a frame, by class."""

    line: Line
    went_in: Counter[int]
    went_out: Counter[int]


class ZoneSum(NamedTuple):
    """How many are inside a zone in a frame, and how many were up to it, by class."""

    points: tuple[Point, ...]
    inside: Counter[int]
    entered: Counter[int]


class Sums(NamedTuple):
    """What lines and zones counted up to a frame; later frames do not change it."""

    lines: tuple[LineSum, ...] = ()
    zones: tuple[ZoneSum, ...] = ()

    def json(self, name: Name) -> dict[str, Any]:
        """Return what was counted, by the names of classes, as JSON has it."""
        lines = [
            {IN: by_name(line.went_in, name), OUT: by_name(line.went_out, name)}
            for line in self.lines
        ]
        zones = [
            {"inside": by_name(zone.inside, name), "entered": by_name(zone.entered, name)}
            for zone in self.zones
        ]
        return {"lines": lines, "zones": zones}

    def report(self, name: Name) -> Iterator[str]:
        """Yield a text for each line and each zone: `Line 1: in 3 (car 2, bus 1), out 0`."""
        for index, line in enumerate(self.lines, 1):
            went_in, went_out = sum_of(line.went_in, name), sum_of(line.went_out, name)
            yield f"Line {index}: in {went_in}, out {went_out}"
        for index, zone in enumerate(self.zones, 1):
            inside, entered = sum_of(zone.inside, name), sum_of(zone.entered, name)
            yield f"Zone {index}: inside {inside}, entered {entered}"


class Counts:
    """Counts with lines and zones who crosses and who is inside, frame by frame."""

    def __init__(self, lines: Sequence[Line] = (), zones: Sequence[Sequence[Point]] = ()) -> None:
        self.lines = [LineCount(line) for line in lines]
        self.zones = [ZoneCount(points) for points in zones]

    def update(self, tracks: Iterable[Track | None], seconds: float) -> Sums:
        """Count in the objects of a frame of this time; return the sums up to it."""
        there = [track for track in tracks if track]
        for line in self.lines:
            line.update(there, seconds)
        for zone in self.zones:
            zone.update(there, seconds)
        return Sums(
            tuple(
                LineSum(one.line, one.crossed[IN].copy(), one.crossed[OUT].copy())
                for one in self.lines
            ),
            tuple(ZoneSum(one.points, one.inside.copy(), one.entered.copy()) for one in self.zones),
        )


def by_name(counted: Counter[int], name: Name) -> dict[str, int]:
    """Return numbers by the names of classes, in the order of the classes."""
    named: Counter[str] = Counter()
    for index in sorted(counted):
        named[name(index)] += counted[index]
    return dict(named)


def sum_of(counted: Counter[int], name: Name) -> str:
    """Return a sum and its parts: `3 (car 2, bus 1)`."""
    parts = ", ".join(f"{word} {number}" for word, number in by_name(counted, name).items())
    return f"{counted.total()} ({parts})" if parts else "0"
