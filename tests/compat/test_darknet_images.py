"""Images in memory that C programs share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pydarknet import DataError
from pydarknet.compat import darknet
from pydarknet.compat.network_handle import Handle


def test_an_image_takes_bytes_in_place(folder: Path) -> None:
    image = darknet.make_image(2, 1, 3)
    data = image.data

    darknet.copy_image_from_bytes(image, bytes([0, 51, 102, 153, 204, 255]))

    expected = np.float32([0, 0.6, 0.2, 0.8, 0.4, 1])  # plane by plane
    np.testing.assert_allclose([data[i] for i in range(6)], expected, rtol=1e-6)
    assert (image.w, image.h, image.c) == (2, 1, 3)


def test_too_few_bytes_for_an_image_are_an_error() -> None:
    with pytest.raises(DataError, match="the content has 5 bytes: expected 6"):
        darknet.copy_image_from_bytes(darknet.make_image(2, 1, 3), bytes(5))


def test_red_and_blue_are_swapped_in_place() -> None:
    image = darknet.make_image(1, 1, 3)
    darknet.copy_image_from_bytes(image, bytes([255, 51, 0]))

    darknet.rgbgr_image(image)

    np.testing.assert_allclose([image.data[i] for i in range(3)], [0, 0.2, 1], rtol=1e-6)


def test_a_letterbox_is_grey_around_the_image() -> None:
    boxed = darknet.letterbox_image(darknet.make_image(4, 2, 3), 8, 8)

    assert (boxed.w, boxed.h, boxed.c) == (8, 8, 3)
    assert (boxed.data[0], boxed.data[8 * 4]) == (0.5, 0.0)


def test_an_image_may_be_made_of_a_program_s_own_floats(net: Handle) -> None:
    own = np.zeros((3, 48, 48), np.float32)
    image = darknet.IMAGE(48, 48, 3, own.ctypes.data_as(darknet.POINTER(darknet.c_float)))

    output = darknet.predict_image(net, image)

    assert isinstance(output[0], float)


def test_a_freed_image_is_an_error_not_a_crash(net: Handle) -> None:
    image = darknet.make_image(48, 48, 3)
    darknet.free_image(image)

    with pytest.raises(DataError, match="an image has no data: it was freed or never filled"):
        darknet.predict_image(net, image)
