"""Image files: read and written as uint8 RGB [H, W, C], without torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..errors import DataError
from ..system.console import note_once
from .exif import orientation_of, upright

JPEG = {".jpg", ".jpeg"}
# OpenCV 5 moved getLogLevel and setLogLevel; opencv-python 4 has them at the top.
opencv_log: Any = getattr(cv2.utils, "logging", cv2)


@dataclass(frozen=True)
class Remark:
    """What is worth knowing about a file that was read; of a kind, one is enough."""

    text: str
    kind: str


def tell_once(remark: Remark) -> None:
    """Write a remark as a note, if it is the first of its kind in this run."""
    note_once(remark.text, remark.kind)


def load_image(
    path: str | Path,
    channels: int = 3,
    exif: bool = True,
    tell: Callable[[Remark], None] = tell_once,
) -> np.ndarray:
    """Read an image file as uint8 [H, W, channels]: RGB for 3 channels, grey for 1.

    Alpha is dropped, grey is repeated, 16 bits keep their high byte. A photograph is turned as its
    EXIF data say, unless not `exif`. `tell` is called with what is worth knowing about the file.
    Raises DataError, which says why, if a file is no image.

    Darknet: src/image.c load_image_stb, src/image_opencv.cpp load_image_mat_cv (AlexeyAB)
    Quirk: EXIF_TURNS
    """
    if channels not in (1, 3):
        raise DataError(f"an image has 1 or 3 channels, not {channels}", where=path)
    image = image_of_content(file_bytes(path), str(path), exif, tell)
    return grey(image) if channels == 1 else image


def image_of_content(
    content: bytes, name: str, exif: bool = True, tell: Callable[[Remark], None] = tell_once
) -> np.ndarray:
    """Return the image, uint8 RGB [H, W, 3], in the content of a file; messages call it `name`."""
    image = decode_image(content)
    if image is None:
        raise DataError(f'Cannot load image "{name}": unknown image type, or damaged')
    if exif and (orientation := orientation_of(content)) != 1:
        image = upright(image, orientation)
        tell(Remark(turning_text(name, orientation), "exif"))
    return image


def turning_text(name: str, orientation: int) -> str:
    """Return the line about the first photograph that is turned."""
    return (
        f"{name} is turned upright (EXIF orientation {orientation}), as all such images are:"
        " -exif off (in Python exif=False) leaves them as they are stored"
    )


def file_bytes(path: str | Path) -> bytes:
    """Read a file, or raise DataError with the words of the operating system."""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise DataError(f'Cannot load image "{path}": {reason}') from None


def decode_image(content: bytes) -> np.ndarray | None:
    """Decode the content of an image file to uint8 RGB [H, W, 3]; None if it is no image."""
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
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
        raise DataError(f"Failed to write image {path}: {error.strerror}") from None
