"""Lines and zones as they are written on a command line: `.1,.5,.9,.5;0,0,200,100`."""

from __future__ import annotations

import math
from itertools import pairwise

from ..errors import UsageError
from .lines import Point

Shape = tuple[Point, ...]
LINE = "x1,y1,x2,y2"
ZONE = "x1,y1,x2,y2,x3,y3,..."


def read_lines(text: str | None, flag: str) -> list[Shape]:
    """Return the two ends of each line; they are parted by `;`. Raises UsageError."""
    lines = [read_points(word, flag, LINE) for word in words_of(text)]
    for word, points in zip(words_of(text), lines, strict=True):
        if len(points) != 2 or points[0] == points[1]:
            raise UsageError(f"{flag} {word}: expected two different points, {LINE}")
    return lines


def read_zones(text: str | None, flag: str) -> list[Shape]:
    """Return the corners of each zone; zones are parted by `;`. Raises UsageError."""
    zones = [read_points(word, flag, ZONE) for word in words_of(text)]
    for word, points in zip(words_of(text), zones, strict=True):
        if len(points) < 3 or not area_of(points):
            raise UsageError(f"{flag} {word}: expected the corners of an area, {ZONE}")
    return zones


def words_of(text: str | None) -> list[str]:
    """Return what `;` parts, without spaces around."""
    if not text:
        return []
    return [word.strip() for word in text.split(";") if word.strip()] or [text]


def read_points(word: str, flag: str, form: str) -> Shape:
    """Return points from numbers that commas part. Raises UsageError."""
    try:
        numbers = [float(number) for number in word.split(",")]
    except ValueError:
        numbers = []
    fits = all(math.isfinite(number) and number >= 0 for number in numbers)
    if not numbers or len(numbers) % 2 or not fits:
        raise UsageError(f"{flag} {word}: expected {form}, in pixels or in 0..1 of the frame")
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def area_of(points: Shape) -> float:
    """Return the area of a polygon."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise((*points, points[0])))) / 2


def in_pixels(points: Shape, size: tuple[int, int], flag: str) -> Shape:
    """Return points in pixels of a frame: those of which no number exceeds 1 are shares of it.

    Raises UsageError for points outside the frame.
    """
    width, height = size
    if all(number <= 1 for point in points for number in point):
        return tuple((x * width, y * height) for x, y in points)
    if any(x > width or y > height for x, y in points):
        numbers = ",".join(f"{number:g}" for point in points for number in point)
        raise UsageError(f"{flag} {numbers}: expected points in the frame, {width} x {height}")
    return points
