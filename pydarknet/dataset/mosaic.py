"""Mosaics: one image made of the corners of four."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from .bad_list import Problem
from .c_float import F
from .detector_augment_alexeyab import Crop
from .rng import whole

MARGIN = 0.2  # fraction of a side, at either end, in which a mosaic is never cut


@dataclass(frozen=True)
class Piece:
    """An image at the network's size, its truth rows, and the crop that made it.

    `pixels` are [h, w, C]; `rows` are float32 [n, 6]; `source` is the width and height before the
    crop.
    """

    pixels: np.ndarray
    rows: np.ndarray
    crop: Crop
    source: tuple[int, int]
    path: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Corner:
    """A corner of a mosaic, in pixels.

    `x` and `y` are its first column and row in the mosaic; `from_x` and `from_y` are those in the
    image from which its pixels come.
    """

    x: int
    y: int
    width: int
    height: int
    from_x: int
    from_y: int


def draw_cut(generator: Generator, size: tuple[int, int]) -> tuple[int, int]:
    """Draw the column and row at which a mosaic of this width and height is cut.

    Darknet: src/data.c load_data_detection (AlexeyAB)
    """
    ends = [(int(F(side) * F(MARGIN)), int(F(side) * (F(1) - F(MARGIN)))) for side in size]
    return whole(generator, *ends[0]), whole(generator, *ends[1])


def corner(index: int, cut: tuple[int, int], piece: Piece) -> Corner:
    """Return the corner (0 to 3, row by row) of a mosaic cut at a column and a row.

    Padding at the edges is skipped, as far as other pixels can fill the corner.

    Darknet: src/data.c load_data_detection (AlexeyAB)
    """
    crop, (h, w) = piece.crop, piece.pixels.shape[:2]
    sides = (crop.right, crop.left) if crop.flip else (crop.left, crop.right)
    left, right = (max(0, int(-side * w / piece.source[0])) for side in sides)
    top, bottom = (max(0, int(-side * h / piece.source[1])) for side in (crop.top, crop.bottom))
    x, width, from_x = along(index % 2, cut[0], w, left, right)
    y, height, from_y = along(index // 2, cut[1], h, top, bottom)
    return Corner(x, y, width, height, from_x, from_y)


def along(second: int, cut: int, side: int, before: int, after: int) -> tuple[int, int, int]:
    """Return where the first or second part of a cut side begins, its length, and its source.

    `before` and `after` are the padding at the ends of the side.
    """
    if second:
        return cut, side - cut, min(cut, before)
    return 0, cut, side - cut - min(side - cut, after)


def mosaic(
    pieces: list[Piece], cut: tuple[int, int], bound: bool, most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels and truth rows of the corners of four images, cut at a column and a row.

    Darknet: src/data.c load_data_detection, blend_truth_mosaic (AlexeyAB)
    Quirk: MOSAIC_FORGETS_TRACKS
    """
    pixels = np.empty_like(pieces[0].pixels)
    h, w = pixels.shape[:2]
    rows = np.zeros((0, pieces[0].rows.shape[1]), np.float32)
    for index, piece in enumerate(pieces):
        at = corner(index, cut, piece)
        pixels[at.y : at.y + at.height, at.x : at.x + at.width] = piece.pixels[
            at.from_y : at.from_y + at.height, at.from_x : at.from_x + at.width
        ]
        moved = clip_to_corner if bound else clip_to_image
        rows = np.concatenate([rows, moved(piece.rows[: most - len(rows)], at, (w, h))])
    return pixels, rows


def rows_in_corner(rows: np.ndarray, at: Corner, size: tuple[int, int]) -> np.ndarray:
    """Return rows moved from their image to a corner of the mosaic, without tracks."""
    rows = rows.copy()
    rows[:, 0] += np.float32(at.x - at.from_x) / np.float32(size[0])
    rows[:, 1] += np.float32(at.y - at.from_y) / np.float32(size[1])
    rows[:, 5] = 0
    return rows


def edges(rows: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return (left, top) and (right, bottom) of rows, both [n, 2], in pixels rounded towards 0."""
    half, sides = rows[:, 2:4] / 2, np.array(size, np.float32)
    first, last = (rows[:, :2] - half) * sides, (rows[:, :2] + half) * sides
    return np.trunc(first), np.trunc(last)


def clip_to_corner(rows: np.ndarray, at: Corner, size: tuple[int, int]) -> np.ndarray:
    """Move rows to a corner and clip them to it, which rounds their edges to pixels.

    Darknet: src/data.c blend_truth_mosaic (AlexeyAB)
    """
    rows, sides = rows_in_corner(rows, at, size), np.array(size, np.float32)
    first, last = edges(rows, size)
    first = np.maximum(first, np.array([at.x, at.y], np.float32))
    last = np.minimum(last, np.array([at.x + at.width, at.y + at.height], np.float32))
    rows[:, :2], rows[:, 2:4] = (first + last) / 2 / sides, (last - first) / sides
    return within_image(rows, first, last, size)


def clip_to_image(rows: np.ndarray, at: Corner, size: tuple[int, int]) -> np.ndarray:
    """Move rows to a corner and clip them to the whole image.

    Darknet: src/data.c blend_truth_mosaic (AlexeyAB)
    """
    rows, sides = rows_in_corner(rows, at, size), np.array(size, np.float32)
    first, last = edges(rows, size)
    before, after = np.minimum(first, 0) / sides, np.maximum(last - sides, 0) / sides
    rows[:, :2] -= (before + after) / 2
    rows[:, 2:4] += before - after
    return within_image(rows, *edges(rows, size), size)


def within_image(
    rows: np.ndarray, first: np.ndarray, last: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Return the rows inside the image with sides longer than a pixel and shorter than its own."""
    sides, least = np.array(size, np.float32), 1 / np.array(size, np.float32)
    inside = (first >= 0) & (last <= sides)
    sized = (rows[:, 2:4] > least) & (rows[:, 2:4] < 1)
    placed = (rows[:, :2] > 0) & (rows[:, :2] < 1)
    return rows[(inside & sized & placed).all(1)]
