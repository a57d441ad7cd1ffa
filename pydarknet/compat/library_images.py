"""The images of the C library under its names: made, read, filled and fitted."""

from __future__ import annotations

import numpy as np

from ..errors import DataError, WrongType
from ..image.files import load_image as read_image
from ..image.fit import fit, planes_input
from ..system.text import count_of
from .ctypes_structs import (
    IMAGE,
    FloatPtr,
    check_image,
    check_size,
    image_of,
    overwrite,
    planes_of,
)
from .network_handle import Text, text


def make_image(w: int, h: int, c: int) -> IMAGE:
    """Return a black image. Raises DataError for a size below 1."""
    check_size(w, h, c)
    return image_of(np.zeros((c, h, w), np.float32))


def load_image(path: Text, w: int = 0, h: int = 0, c: int = 3) -> IMAGE:
    """Read an image file, RGB or grey, stretched to `w` x `h` unless these are 0.

    Darknet: src/image.c load_image_color
    """
    image = read_image(text(path), c or 3)
    if w and h:
        check_size(w, h)
    else:
        h, w = image.shape[:2]
    return image_of(fit(image, w, h, False))


def copy_image_from_bytes(im: IMAGE, content: bytes) -> None:
    """Fill an image with bytes [h, w, c] of its size.

    Darknet: src/image.c copy_image_from_bytes (AlexeyAB)
    """
    check_image(im)
    if isinstance(content, str):
        raise WrongType("the content of an image is text: expected bytes")
    wanted = im.h * im.w * im.c
    if len(content) < wanted:
        raise DataError(
            f"the content has {count_of(len(content), 'byte')}:"
            f" expected {wanted}, the size of the image"
        )
    content_pixels = np.frombuffer(content, np.uint8, wanted).reshape(im.h, im.w, im.c)
    overwrite(im, fit(content_pixels, im.w, im.h, False))


def free_image(im: IMAGE) -> None:
    """Free the memory of an image at once; otherwise Python frees it with the image."""
    im.data = FloatPtr()


def letterbox_image(im: IMAGE, w: int, h: int) -> IMAGE:
    """Return an image fitted into `w` x `h`, with grey margins."""
    check_size(w, h)
    return image_of(planes_input(planes_of(im), w, h, letterboxed=True))


def rgbgr_image(im: IMAGE) -> None:
    """Swap red and blue of an image in place."""
    overwrite(im, planes_of(im)[::-1])
