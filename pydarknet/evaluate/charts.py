"""Charts: curves, tables of counts, clouds of box sizes; uint8 RGB [H, W, 3]."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..boxes.palette import Color, class_color
from ..boxes.words import FONT, drawable
from ..system.text import shorten

WHITE: Color = (255, 255, 255)
BLACK: Color = (0, 0, 0)
GREY: Color = (128, 128, 128)
LIGHT: Color = (224, 224, 224)
BLUE: Color = (31, 119, 180)
SIDE = 700  # pixels of a square image
EDGE = 60  # pixels around what is plotted, for labels
CELL = 36  # pixels of a cell of a table
LETTER = 8  # pixels per letter of a table's names
NAME = 60  # letters of a name


def write(canvas: np.ndarray, text: str, x: int, y: int, scale: float = 0.5) -> None:
    """Write black text; the point is on the left of its base line."""
    cv2.putText(canvas, drawable(text), (x, y), FONT, scale, BLACK, 1, cv2.LINE_AA)


def curve(recall: np.ndarray, precision: np.ndarray, title: str) -> np.ndarray:
    """Draw precision over recall, both [n] in 0..1, under a title."""
    canvas = np.full((SIDE, SIDE, 3), WHITE, np.uint8)
    for tick in range(0, 11, 2):
        across, down = place(np.array([tick / 10]), np.array([tick / 10]))[0].tolist()
        cv2.line(canvas, (across, EDGE), (across, SIDE - EDGE), LIGHT, 1)
        cv2.line(canvas, (EDGE, down), (SIDE - EDGE, down), LIGHT, 1)
        write(canvas, f"{tick / 10:.1f}", across - 12, SIDE - EDGE + 20)
        write(canvas, f"{tick / 10:.1f}", EDGE - 34, down + 5)
    cv2.rectangle(canvas, (EDGE, EDGE), (SIDE - EDGE, SIDE - EDGE), GREY, 1)
    write(canvas, shorten(title, 2 * NAME), EDGE, EDGE - 20, 0.6)
    write(canvas, "recall", SIDE // 2 - 20, SIDE - 15)
    write(canvas, "precision", 4, EDGE - 20, 0.4)
    points = place(recall, precision).reshape(-1, 1, 2)
    cv2.polylines(canvas, [points] if len(points) else [], False, BLUE, 2, cv2.LINE_AA)
    return canvas


def place(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the pixels [n, 2] of points in 0..1; the origin is at the bottom left."""
    inner = SIDE - 2 * EDGE
    return np.stack([EDGE + x * inner, SIDE - EDGE - y * inner], 1).round().astype(np.int32)


def table(
    counts: np.ndarray, rows: Sequence[str], columns: Sequence[str], corner: tuple[str, str]
) -> np.ndarray:
    """Draw counts [R, C] as a table; a cell is darker the larger its share of the row is.

    `corner` names rows and columns.
    """
    heading = cv2.rotate(names_of(columns), cv2.ROTATE_90_COUNTERCLOCKWISE)
    side = names_of(rows)
    top, left = heading.shape[0], side.shape[1]
    canvas = np.full((top + len(side), left + heading.shape[1], 3), WHITE, np.uint8)
    canvas[:top, left:], canvas[top:, :left] = heading, side
    for row, word in enumerate((f"down: {corner[0]}", f"across: {corner[1]}")):
        write(canvas, word, 8, 20 * (row + 1), 0.4)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    for (i, j), count in np.ndenumerate(counts):
        fill(canvas, left + CELL * j, top + CELL * i, float(shares[i, j]), int(count))
    return canvas


def names_of(names: Sequence[str]) -> np.ndarray:
    """Return a column of names, each a cell high."""
    shown = [shorten(name, NAME) for name in names]
    width = LETTER * max(len(name) for name in shown) + 16
    canvas = np.full((CELL * len(names), width, 3), WHITE, np.uint8)
    for index, name in enumerate(shown):
        write(canvas, name, 8, CELL * index + CELL // 2 + 4, 0.4)
    return canvas


def fill(canvas: np.ndarray, x: int, y: int, share: float, count: int) -> None:
    """Fill a cell of a table in a shade of blue, and write its count unless it is 0."""
    shade = tuple(round(255 + (part - 255) * share) for part in BLUE)
    cv2.rectangle(canvas, (x, y), (x + CELL - 2, y + CELL - 2), shade, cv2.FILLED)
    if count:
        write(canvas, str(count), x + 2, y + CELL // 2 + 4, 0.3)


def cloud(
    sizes: np.ndarray, centers: np.ndarray, nearest: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Draw box sizes [B, 2] as dots in the colour of their cluster, and clusters' centres [K, 2].

    `size` is the network's, `nearest` [B] the cluster of each box.

    Darknet: src/image_opencv.cpp show_acnhors (AlexeyAB)
    """
    canvas = np.zeros((SIDE, SIDE, 3), np.uint8)
    scale = SIDE / np.maximum(size, 1)
    for (x, y), index in zip((sizes * scale).astype(int).tolist(), nearest.tolist(), strict=True):
        cv2.circle(canvas, (x, y), 1, class_color(index, len(centers)), cv2.FILLED)
    for x, y in (centers * scale).astype(int).tolist():
        cv2.rectangle(canvas, (0, 0), (x, y), WHITE, 1)
    return canvas
