"""The sizes of images that are fitted: inside a letterbox, or to a shorter side."""

from __future__ import annotations

import numpy as np


def letterbox_size(image_width: int, image_height: int, width: int, height: int) -> tuple[int, int]:
    """Return the width and height of an image fitted into `width` x `height`.

    The ratios are compared in float32 and the shorter side is an integer division, so it may be
    a pixel less than the right one. It is never less than one pixel, where the C has none.

    Darknet: src/image.c letterbox_image
    Quirk: LETTERBOX_INTEGERS
    """
    across, down = np.float32(width) / image_width, np.float32(height) / image_height
    if across < down:
        return width, max(image_height * width // image_width, 1)
    return max(image_width * height // image_height, 1), height


def min_size(image_width: int, image_height: int, side: int) -> tuple[int, int]:
    """Return width and height with a shorter side of `side`; the longer is an integer division.

    Darknet: src/image.c resize_min
    """
    if image_width < image_height:
        return side, image_height * side // image_width
    return image_width * side // image_height, side
