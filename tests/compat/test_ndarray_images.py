"""Arrays of OpenCV become what the patched C library makes of them: planes, red first, in 0..1."""

from __future__ import annotations

from ctypes import POINTER, c_ubyte

import numpy as np
import pytest

from pydarknet import DataError
from pydarknet.compat import darknet, hank_ai
from pydarknet.compat.ctypes_structs import planes_of

BGR = np.arange(0, 120, 5, dtype=np.uint8).reshape(2, 4, 3)
RED_FIRST = BGR[:, :, ::-1].transpose(2, 0, 1) / np.float32(255)


def test_an_array_becomes_planes_with_red_first() -> None:
    image = darknet.nparray_to_image(BGR)

    assert (image.w, image.h, image.c) == (4, 2, 3)
    np.testing.assert_array_equal(planes_of(image), RED_FIRST)


@pytest.mark.parametrize("array", [BGR, BGR[:, ::2], BGR[::-1]])
def test_the_library_takes_memory_with_any_strides(array: np.ndarray) -> None:
    data = array.ctypes.data_as(POINTER(c_ubyte))

    image = hank_ai.lib.ndarray_to_image(data, array.ctypes.shape, array.ctypes.strides)

    expected = array[:, :, ::-1].transpose(2, 0, 1) / np.float32(255)
    np.testing.assert_array_equal(planes_of(image), expected)


def test_none_is_no_array() -> None:
    with pytest.raises(DataError, match="an image is None"):
        darknet.nparray_to_image(None)
