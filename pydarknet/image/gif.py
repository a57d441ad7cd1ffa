"""What of a GIF its first frame does not show: transparent pixels, and those beside the frame."""

from __future__ import annotations

import struct

import numpy as np

HEADER = struct.Struct("<6xHHBBx")  # width, height, flags, the colour of the background
FRAME = struct.Struct("<HHHHB")  # left, top, width, height, flags
EXTENSION, IMAGE = 0x21, 0x2C  # what blocks begin with
TABLE = 0x80  # the flag of a table of colours
OPAQUE = 255


def first_frame(content: bytes) -> tuple[int, int, int, int]:
    """Return left, top, width and height of the first frame.

    Raises struct.error or IndexError if the file ends before it, ValueError if there is none.
    """
    at = HEADER.size + len(colour_table(content))
    while content[at] == EXTENSION:
        at += 2
        while content[at]:
            at += 1 + content[at]
        at += 1
    if content[at] != IMAGE:
        raise ValueError("no frame")
    left, top, width, height, _ = FRAME.unpack_from(content, at + 1)
    return left, top, width, height


def colour_table(content: bytes) -> bytes:
    """Return the table of colours that all frames share, three bytes each; empty without one."""
    flags = HEADER.unpack_from(content)[2]
    colours = 2 << (flags & 7) if flags & TABLE else 0
    return content[HEADER.size : HEADER.size + 3 * colours]


def fill_unseen(content: bytes, image: np.ndarray) -> np.ndarray:
    """Return RGBA bytes [H, W, 4] of a GIF, with the C's colours where its first frame shows none.

    `image` is RGB or RGBA. Transparent pixels are black. Those beside the frame are too, if the
    background is colour 0; else they have its colour, with red for blue, and are opaque.

    Darknet: src/stb_image.h stbi__gif_load_next
    Quirk: GIF_BACKGROUND
    """
    if image.shape[2] == 3:
        image = np.dstack([image, np.full(image.shape[:2], OPAQUE, np.uint8)])
    try:
        left, top, width, height = first_frame(content)
    except (struct.error, IndexError, ValueError):
        return image
    filled = np.zeros_like(image)
    if number := HEADER.unpack_from(content)[3]:
        colour = colour_table(content)[3 * number : 3 * number + 3]
        filled[...] = [*(colour[::-1] or bytes(3)), OPAQUE]
    place = slice(top, top + height), slice(left, left + width)
    filled[place] = image[place] * (image[place][..., 3:] > 0)
    return filled
