"""GIF files whose first frame does not show every pixel."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from pydarknet.image.decode import decode
from pydarknet.image.gif import colour_table, fill_unseen, first_frame

GREEN, BLUE, WHITE = (0, 200, 0), (10, 20, 200), (250, 250, 250)
TABLE = bytes([10, 20, 30, *GREEN, *BLUE, *WHITE])
CLEAR, END = 4, 5


def gif(background: int, transparent: int | None) -> bytes:
    """Return a GIF of 3 x 2 pixels whose frame covers the last two columns with colours 1 to 3."""
    codes, packed = [CLEAR, 1, 2, CLEAR, 3, 2, CLEAR, END], 0
    for place, code in enumerate(codes):
        packed |= code << 3 * place
    data = packed.to_bytes(3, "little")
    control = [0x21, 0xF9, 4, 1, 0, 0, transparent, 0] if transparent is not None else []
    return (
        struct.pack("<6sHHBBB", b"GIF89a", 3, 2, 0x91, background, 0)
        + TABLE
        + bytes([0x21, 0xFE, 3, *b"hey", 1, *b"!", 0, *control])
        + struct.pack("<BHHHHB", 0x2C, 1, 0, 2, 2, 0)
        + bytes([2, len(data), *data, 0, 0x3B])
    )


@pytest.mark.parametrize(
    ("background", "transparent", "beside", "second"),  # as stb_image decodes them
    [
        (0, None, (0, 0, 0, 0), (*BLUE, 255)),
        (0, 2, (0, 0, 0, 0), (0, 0, 0, 0)),
        (2, None, (200, 20, 10, 255), (*BLUE, 255)),
        (2, 2, (200, 20, 10, 255), (0, 0, 0, 0)),
    ],
)
@pytest.mark.parametrize("channels", [3, 4])
def test_pixels_that_the_first_frame_does_not_show_are_the_c_programs(
    background, transparent, beside, second, channels
):
    image = decode(gif(background, transparent), channels)

    rows = [[beside, (*GREEN, 255), second], [beside, (*WHITE, 255), second]]
    assert image.tolist() == np.array(rows)[..., :channels].tolist()


def test_a_background_that_is_no_colour_is_black():
    image = np.full((2, 3, 3), 7, np.uint8)

    filled = fill_unseen(gif(9, None), image)

    assert filled.tolist() == [[[0, 0, 0, 255], [7, 7, 7, 255], [7, 7, 7, 255]]] * 2


def test_the_frame_is_behind_the_colours_and_the_extensions():
    content = gif(0, 2)

    assert first_frame(content) == (1, 0, 2, 2)
    assert colour_table(content) == TABLE


def test_a_file_without_a_frame_is_left_as_it_is():
    image = np.full((2, 3, 4), 7, np.uint8)
    content = gif(0, None)

    assert fill_unseen(content[:30], image) is image
    assert fill_unseen(content[:25] + b";", image) is image
