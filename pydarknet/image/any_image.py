"""An image in any form that programs hold: a path, a file's bytes, an array, a PIL image."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeGuard

import numpy as np

from ..errors import DataError, WrongType
from ..system.text import count_of
from .decode import MOST_CHANNELS, swap_red_and_blue
from .files import image_of_content, load_image

EXPECTED = "expected a path or uint8 [height, width, 3]"
FORMS = ("convert", "__array_interface__", "__array__")  # of PIL, and of what numpy can take
DEEP = ("I", "F")  # how PIL's modes of more than 8 bits begin


class PilImage(Protocol):
    """What is asked of a PIL image; there is no need to import PIL."""

    def convert(self, mode: str) -> Any: ...


class ArrayLike(Protocol):
    """Another library's array, which numpy can take."""

    @property
    def __array_interface__(self) -> dict[str, Any]: ...


class BinaryFile(Protocol):
    """An open file, or an object like one."""

    def read(self) -> bytes: ...


Path = str | os.PathLike[str]
Content = bytes | bytearray | memoryview
AnyImage = Path | Content | np.ndarray | PilImage | ArrayLike | BinaryFile


def is_one_image(image: object) -> TypeGuard[AnyImage]:
    """Return whether this is one image rather than an iterable of them.

    None, an open file and a mapping are one, whether or not it can be used.
    """
    return (
        isinstance(image, str | os.PathLike | bytes | bytearray | memoryview | Mapping)
        or any(hasattr(image, form) for form in (*FORMS, "read"))
        or not isinstance(image, Iterable)
    )


def read_if_open(image: AnyImage) -> AnyImage:
    """Return the rest of an open file as bytes, and any other image as it is.

    Raises WrongType unless bytes are read, DataError if nothing can be read.
    """
    if not hasattr(image, "read") or any(hasattr(image, form) for form in FORMS):
        return image
    try:
        content = image.read()
    except (OSError, ValueError) as error:  # ValueError: it is closed, or no text
        raise DataError(f"an image is a file that cannot be read: {error}") from None
    if not isinstance(content, bytes | bytearray | memoryview):
        kinds = f"{type(image).__name__}, which reads {type(content).__name__}"
        raise WrongType(f"an image is {kinds}: expected a binary file, as of open(path, 'rb')")
    return content


def image_array(
    image: AnyImage, *, bgr: bool = False, exif: bool = True, channels: int = 3
) -> np.ndarray:
    """Return an image as uint8 [H, W, C]: RGB, grey, or as many channels as a network takes.

    `bgr` says that an array has OpenCV's order. `exif` turns files, and the bytes of files, as
    their EXIF orientation says; arrays and PIL images are taken as they stand. Raises DataError.
    """
    image = read_if_open(image)
    if isinstance(image, str | os.PathLike):
        return load_image(os.fspath(image), channels, exif)
    if isinstance(image, bytes | bytearray | memoryview):
        content = bytes(image)
        if is_file(content):
            raise DataError("an image is a path in bytes: expected text", hint="image.decode()")
        return image_of_content(content, f"<{count_of(len(content), 'byte')}>", channels, exif)
    array = check_image(pixels_of(image), channels)
    return swap_red_and_blue(array) if bgr and not hasattr(image, "convert") else array


def own_channels(image: AnyImage) -> int:
    """Return how many channels an array has; RGB's for any other form of an image."""
    return image.shape[2] if isinstance(image, np.ndarray) and image.ndim == 3 else 3


def is_file(path: bytes) -> bool:
    """Return whether bytes are the path of a file."""
    return 0 < len(path) < 4096 and b"\0" not in path and os.path.isfile(path)


def pixels_of(image: Any) -> np.ndarray:
    """Return the array of what is an array, or gives one."""
    if image is None:
        hint = "cv2.imread returns None for a file that it cannot read"
        raise DataError(f"an image is None: {EXPECTED}", hint=hint)
    try:
        array = rgb_of(image) if hasattr(image, "convert") else np.asarray(image)
    except (TypeError, ValueError, RuntimeError) as error:  # such as a tensor on a GPU
        raise DataError(f"an image of type {type(image).__name__}: {error}: {EXPECTED}") from None
    is_array = any(hasattr(image, form) for form in FORMS)
    if not is_array and (not array.ndim or array.dtype.kind in "OSU"):
        raise WrongType(f"an image is of type {type(image).__name__}: {EXPECTED}")
    return array


def rgb_of(image: Any) -> np.ndarray:
    """Return a PIL image in RGB; one of more than 8 bits would be cut, not scaled."""
    mode = str(getattr(image, "mode", ""))
    if mode.startswith(DEEP):
        raise DataError(f"a PIL image has the mode {mode}: expected 8 bits, such as RGB")
    return np.array(image.convert("RGB"))


def check_image(image: np.ndarray, channels: int = 3) -> np.ndarray:
    """Return an array that is an image for a network of so many channels; else raise DataError.

    Grey and RGB are one for any network of at most four channels.
    """
    taken = (channels,) if channels > MOST_CHANNELS else (1, 3, channels)
    form = f"an image is {image.dtype} {list(image.shape)}"
    if image.dtype == object:
        raise DataError(f"an image is of an unknown type: {EXPECTED}")
    if image.ndim != 3 or image.dtype != np.uint8 or image.shape[2] not in taken:
        expected = f"expected uint8 [height, width, {channels if channels > 1 else 3}]"
        raise DataError(f"{form}: {expected}", hint=mend(image))
    if not image.size:
        raise DataError(f"{form}: expected at least one pixel")
    return image


def mend(image: np.ndarray) -> str:
    """Return how an array becomes an image; nothing if there is no telling."""
    if image.ndim == 4:
        return "a batch is a list of images: list(images)"
    if image.ndim == 2:
        return "a grey image is [height, width, 1]: image[:, :, None]"
    if image.ndim == 3 and image.shape[0] in (1, 3) and image.shape[2] not in (1, 3):
        return "if it is [3, height, width]: image.transpose(1, 2, 0)"
    if image.ndim == 3 and image.shape[2] == 4:
        return "without its alpha it is image[:, :, :3]"
    if image.dtype.kind == "f":
        return "if its values are in 0..1: (image * 255).astype('uint8')"
    return ""
