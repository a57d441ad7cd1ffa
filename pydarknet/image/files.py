"""Image files: read and written as uint8 RGB [H, W, C], without torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..errors import DataError

JPEG = {".jpg", ".jpeg"}
# OpenCV 5 moved getLogLevel and setLogLevel; opencv-python 4 has them at the top.
opencv_log: Any = getattr(cv2.utils, "logging", cv2)


def load_image(path: str | Path, channels: int = 3, exif: bool = False) -> np.ndarray:
    """Read an image file as uint8 [H, W, channels]: RGB for 3 channels, grey for 1.

    Alpha is dropped, grey is repeated, 16 bits keep their high byte. The EXIF orientation is
    ignored, as the C does, unless `exif`. Raises DataError, which says why, if a file is no image.

    Darknet: src/image.c load_image_stb
    Quirk: EXIF_IGNORED
    """
    if channels not in (1, 3):
        raise DataError(f"an image has 1 or 3 channels, not {channels}", where=path)
    image = decode_image(file_bytes(path), exif)
    if image is None:
        raise DataError(f'Cannot load image "{path}": unknown image type, or damaged')
    return grey(image) if channels == 1 else image


def file_bytes(path: str | Path) -> bytes:
    """Read a file, or raise DataError with the words of the operating system."""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise DataError(f'Cannot load image "{path}": {reason}') from None


def decode_image(content: bytes, exif: bool = False) -> np.ndarray | None:
    """Decode the content of an image file to uint8 RGB [H, W, 3]; None if it is no image."""
    flags = cv2.IMREAD_COLOR if exif else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    if not content:
        return None
    with silent_opencv():
        try:
            image = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
        except cv2.error:  # an image of more pixels than OpenCV accepts
            return None
    return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


@contextmanager
def silent_opencv() -> Iterator[None]:
    """Keep OpenCV from logging about damaged images: the caller raises an error."""
    level = opencv_log.getLogLevel()
    opencv_log.setLogLevel(0)
    try:
        yield
    finally:
        opencv_log.setLogLevel(level)


def grey(image: np.ndarray) -> np.ndarray:
    """Weigh RGB bytes [H, W, 3] to one channel [H, W, 1], in integers.

    Darknet: src/stb_image.h stbi__compute_y
    """
    r, g, b = (image[:, :, i : i + 1].astype(np.uint16) for i in range(3))
    return ((77 * r + 150 * g + 29 * b) >> 8).astype(np.uint8)


def save_image(image: np.ndarray, path: str | Path) -> None:
    """Write uint8 [H, W, C]: JPEG of quality 80 to a .jpg, PNG to any other name.

    Darknet: src/image.c save_image_options
    """
    path = Path(path)
    image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.shape[2] == 3 else image
    if path.suffix.lower() in JPEG:
        _, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])
    else:
        _, content = cv2.imencode(".png", image)
    try:
        path.write_bytes(content.tobytes())
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror}", where=path) from None
