"""Arrays of OpenCV as images: what copies of the original's darknet.py take from a patched library.

Their authors add `ndarray_to_image` to image.c. It is not in the original.
"""

from __future__ import annotations

import ctypes as ct
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..image.any_image import check_image, pixels_of
from .ctypes_structs import IMAGE, image_of


def nparray_to_image(img: np.ndarray) -> IMAGE:
    """Return an IMAGE of an array uint8 [h, w, 3], blue first, as OpenCV reads it."""
    planes = check_image(pixels_of(img))[:, :, ::-1].transpose(2, 0, 1)
    return image_of(planes / np.float32(255))


def ndarray_to_image(data: Any, shape: Sequence[int], strides: Sequence[int]) -> IMAGE:
    """Return an IMAGE of bytes in memory, given as `img.ctypes` describes them, blue first."""
    memory = SimpleNamespace(
        __array_interface__={
            "version": 3,
            "typestr": "|u1",
            "data": (ct.cast(data, ct.c_void_p).value, True),
            "shape": tuple(shape),
            "strides": tuple(strides),
        }
    )
    return nparray_to_image(np.array(memory))
