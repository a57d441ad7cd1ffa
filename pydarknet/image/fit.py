"""An image becomes a network's input, float32 [C, H, W] in 0..1; this file needs no torch.

modules/transforms.py does the same to tensors, on a GPU too, with the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import cv2
import numpy as np

from .any_image import check_image
from .decode import MOST_CHANNELS, with_channels
from .geometry import letterbox_size, min_size

GREY: Final = 0.5  # the margin of a letterbox
BLOCK: Final = 64  # rows that are worked on at once: they stay in the cache


def network_input(
    image: np.ndarray, channels: int, width: int, height: int, *, letterboxed: bool
) -> np.ndarray:
    """Return an image uint8 [H, W, C] as an input of this size, letterboxed or stretched.

    Grey is repeated, or RGB made grey; a missing alpha is opaque. Raises DataError for an array
    that is no image for so many channels.

    Darknet: src/image.c letterbox_image, resize_image
    """
    return network_inputs([image], channels, width, height, letterboxed=letterboxed)[0]


def network_inputs(
    images: Sequence[np.ndarray],
    channels: int,
    width: int,
    height: int,
    *,
    letterboxed: bool,
    channels_last: bool = False,
) -> np.ndarray:
    """Return images, each as `network_input` does, as float32 [N, C, height, width].

    With `channels_last`, a pixel's channels stand side by side in memory.
    """
    given = [with_channels(check_image(image, channels), channels) for image in images]
    if channels_last:
        batch = np.empty((len(given), height, width, channels), np.float32).transpose(0, 3, 1, 2)
    else:
        batch = np.empty((len(given), channels, height, width), np.float32)
    for canvas, image in zip(batch, given, strict=True):
        fit_into(canvas, image, letterboxed)
    return batch


def planes_input(planes: np.ndarray, width: int, height: int, *, letterboxed: bool) -> np.ndarray:
    """Return an image float32 [C, H, W] in 0..1 as such an input."""
    return fit(planes.transpose(1, 2, 0), width, height, letterboxed)


def fit(image: np.ndarray, width: int, height: int, letterboxed: bool) -> np.ndarray:
    """Return bytes [H, W, C], or float32 in 0..1, as float32 [C, height, width]."""
    canvas = np.empty((image.shape[2], height, width), np.float32)
    fit_into(canvas, image, letterboxed)
    return canvas


def fit_into(canvas: np.ndarray, image: np.ndarray, letterboxed: bool) -> None:
    """Fill float32 [C, height, width] with bytes [H, W, C], or with float32 in 0..1."""
    (height, width), (rows, columns) = canvas.shape[1:], image.shape[:2]
    inner = letterbox_size(columns, rows, width, height) if letterboxed else (width, height)
    if inner != (width, height):
        canvas[...] = GREY
    top, left = (height - inner[1]) // 2, (width - inner[0]) // 2
    resize_into(canvas[:, top : top + inner[1], left : left + inner[0]], image)


def classifier_input(
    image: np.ndarray, channels: int, width: int, height: int, *, cropped: bool
) -> np.ndarray:
    """Return an image uint8 [H, W, C] as a classifier's input: letterboxed, or its centre.

    The centre is `width` x `height` of the image whose shorter side became `width`. Raises
    DataError for an array that is no image for so many channels.

    Darknet: examples/classifier.c predict_classifier
    """
    if not cropped:
        return network_input(image, channels, width, height, letterboxed=True)
    image_height, image_width = check_image(image, channels).shape[:2]
    columns, rows = min_size(image_width, image_height, width)
    whole = network_input(image, channels, columns, rows, letterboxed=False)
    down = places(rows, int((rows - height) / 2), height)
    across = places(columns, int((columns - width) / 2), width)
    return whole.take(down, 1).take(across, 2)


def places(size: int, start: int, count: int) -> np.ndarray:
    """Return the indices of `count` points from `start` on; outside of `size` the edges repeat."""
    return np.arange(start, start + count).clip(0, size - 1)


def resize_into(canvas: np.ndarray, image: np.ndarray) -> None:
    """Stretch bytes [H, W, C], or float32 in 0..1, to float32 [C, h, w]: bilinear.

    Corners are aligned. Columns come first, then rows, in float32 throughout, and without
    smoothing when shrinking. Neither OpenCV nor torch has this mode to the last bit.

    Darknet: src/image.c resize_image
    Quirk: RESIZE_CORNERS
    """
    height, width = canvas.shape[1:]
    if image.shape[:2] == (height, width):
        np.divide(image.transpose(2, 0, 1), white(image), out=canvas, dtype=np.float32)
        return
    columns, rows = taps(image.shape[1], width, True), taps(len(image), height, False)
    for start in range(0, height, BLOCK):
        some = slice(start, start + BLOCK)
        lines, these = neighbours(image, *(values[some] for values in rows))
        blend_rows_into(canvas[:, some], blend_columns(lines, columns), these)


Taps = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # see `taps`


def neighbours(
    lines: np.ndarray, index: np.ndarray, after: np.ndarray, near: np.ndarray, far: np.ndarray
) -> tuple[np.ndarray, Taps]:
    """Return the lines that some points need, and the taps of these points in them."""
    first = index[0]
    lines, index, after = lines[first : after[-1] + 1], index - first, after - first
    count = len(index)
    if 2 * count < len(lines):  # there are lines that no point needs
        lines, index = lines[np.concatenate((index, after))], np.arange(count)
        after = index + count
    return lines, (index, after, near, far)


def blend_columns(image: np.ndarray, columns: Taps) -> np.ndarray:
    """Interpolate columns of bytes [H, W, C], or of floats, as float32 [H, width, C]."""
    rows, across, channels = image.shape
    lines = swap_axes(np.ascontiguousarray(image)).reshape(across, -1)  # a column is a piece
    lines, (index, after, near, far) = neighbours(lines, *columns)
    values = np.divide(lines, white(image), dtype=np.float32)
    left, right = values[index], values[after]
    left *= near[:, None]
    right *= far[:, None]
    left += right
    return swap_axes(left.reshape(-1, rows, channels))


def white(image: np.ndarray) -> np.float32:
    """Return the number by which values are divided: bytes by 255, and by 1 what is in 0..1."""
    return np.float32(255 if image.dtype == np.uint8 else 1)


def blend_rows_into(canvas: np.ndarray, image: np.ndarray, rows: Taps) -> None:
    """Interpolate rows of float32 [H, W, C] into [C, h, W]; the last lacks half of its sum.

    If rounding in float32 puts the last row slightly above the last source row, nearly all of its
    weight is in the missing half, and the row is almost black: for example from 333 rows to 320.

    Darknet: src/image.c resize_image
    Quirk: RESIZE_LAST_ROW
    """
    index, after, near, far = rows
    lines = image.reshape(len(image), -1)
    above, below = lines[index], lines[after]
    above *= near[:, None]
    below *= far[:, None]
    above += below
    canvas[...] = above.reshape(-1, *image.shape[1:]).transpose(2, 0, 1)


def swap_axes(x: np.ndarray) -> np.ndarray:
    """Return [A, B, C] as [B, A, C], copied; OpenCV is five times as fast as numpy."""
    a, b, channels = x.shape
    if channels > MOST_CHANNELS:
        return np.ascontiguousarray(x.swapaxes(0, 1))
    return np.asarray(cv2.transpose(x)).reshape(b, a, channels)


@lru_cache(64)
def taps(size: int, target: int, whole: bool) -> Taps:
    """Return the neighbours of `target` points over `size` indices: two indices and their weights.

    The last point is the last index if `whole`, else only the first neighbour counts. A single
    point lies on the first index, where C divides by zero. The result is cached: do not change it.
    """
    step = np.float32(size - 1) / np.float32(max(target - 1, 1))
    position = np.arange(target, dtype=np.float32) * step
    index = position.astype(np.int64)
    far = position - index.astype(np.float32)
    near = 1 - far
    far[-1] = 0
    if whole:
        index[-1], near[-1] = size - 1, 1
    return index, (index + 1).clip(max=size - 1), near, far
