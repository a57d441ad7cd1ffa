"""Lines and zones on a picture: they lie under its boxes, their numbers above."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ..boxes.draw import CAPITAL, LINE
from ..boxes.palette import BLACK, WHITE, shades
from ..boxes.words import LARGEST, SMALLEST, labels
from .counts import Sums
from .lines import Point

LARGER: Final = 1.2  # than those of boxes are these letters
LIGHT: Final = 0.15  # share of white in a zone
THICKER: Final = 2.0  # than those of boxes are these lines
Points = tuple[Point, ...]


def draw_places(canvas: np.ndarray, sums: Sums, size: tuple[int, int]) -> None:
    """Draw lines and zones, which lie in frames of a size, onto uint8 RGB [H, W, 3]."""
    for zone in sums.zones:
        draw_zone(canvas, fit(zone.points, size, canvas))
    for line in sums.lines:
        stroke(canvas, fit(line.line, size, canvas), closed=False)


def write_sums(
    canvas: np.ndarray, sums: Sums, size: tuple[int, int], font: str | None = None
) -> None:
    """Write the numbers of lines and zones onto uint8 RGB [H, W, 3].

    Those of a line stand at its start: how many went `in` on the side where they went, and so how
    many went `out`.
    """
    for line in sums.lines:
        start, end = fit(line.line, size, canvas)
        along = direction(start, end)
        left = along[1], -along[0]
        write(canvas, f"in {line.went_in.total()}", start, along, left, font)
        write(canvas, f"out {line.went_out.total()}", start, along, (-left[0], -left[1]), font)
    for zone in sums.zones:
        points = fit(zone.points, size, canvas)
        write(canvas, f"inside {zone.inside.total()}", top_of(points), (0, 0), (0, 1), font)


def fit(points: Points, size: tuple[int, int], canvas: np.ndarray) -> Points:
    """Return points of frames of a size in a picture, which may have another."""
    wider, higher = canvas.shape[1] / size[0], canvas.shape[0] / size[1]
    return tuple((x * wider, y * higher) for x, y in points)


def direction(start: Point, end: Point) -> Point:
    """Return the step of length 1 from one point to another."""
    across, down = end[0] - start[0], end[1] - start[1]
    length = (across**2 + down**2) ** 0.5
    return across / length, down / length


def top_of(points: Points) -> Point:
    """Return the middle of the uppermost edge of a polygon."""
    edges = zip(points, (*points[1:], points[0]), strict=True)
    middles = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in edges]
    return min(middles, key=lambda point: point[1])


def draw_zone(canvas: np.ndarray, points: Points) -> None:
    """Draw a zone's edges, and lighten what they enclose."""
    corners = np.rint(np.array(points)).astype(np.int32)
    lighter = canvas.copy()
    cv2.fillPoly(lighter, [corners], WHITE)
    cv2.addWeighted(lighter, LIGHT, canvas, 1 - LIGHT, 0, dst=canvas)
    stroke(canvas, points, closed=True)


def stroke(canvas: np.ndarray, points: Points, *, closed: bool) -> None:
    """Draw a white line with dark edges through points."""
    width = max(round(THICKER * LINE * side_of(canvas)), 2)
    corners = [np.rint(np.array(points)).astype(np.int32)]
    cv2.polylines(canvas, corners, closed, BLACK, width + max(width // 2, 2), cv2.LINE_AA)
    cv2.polylines(canvas, corners, closed, WHITE, width, cv2.LINE_AA)


def write(
    canvas: np.ndarray, text: str, at: Point, along: Point, beside: Point, font: str | None
) -> None:
    """Write a text near a point: moved along a direction, and to the side, as far as it needs."""
    height, width = canvas.shape[:2]
    letters = min(max(round(side_of(canvas) * CAPITAL * LARGER), SMALLEST), LARGEST)
    mask = labels([text], letters, width, font)[0][:height]
    down, across = mask.shape
    x, y = at
    for towards in (along, beside):
        away = (abs(towards[0]) * across + abs(towards[1]) * down + letters) / 2
        x, y = x + towards[0] * away, y + towards[1] * away
    left = min(max(round(x - across / 2), 0), width - across)
    top = min(max(round(y - down / 2), 0), height - down)
    canvas[top : top + down, left : left + across] = np.take(shades(WHITE), mask, axis=0)


def side_of(canvas: np.ndarray) -> float:
    """Return the side of a square as large as a picture, in pixels."""
    return float(canvas.shape[0] * canvas.shape[1]) ** 0.5
