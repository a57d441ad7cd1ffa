"""Image files: read and written as uint8 RGB [H, W, C], without torch."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..errors import DataError
from ..system.console import note_once
from ..system.text import not_a_file
from .decode import decode, ends_early
from .decode import grey as grey
from .exif import orientation_of, upright
from .formats import format_of

JPEG = {".jpg", ".jpeg"}
HEAD = 1 << 16  # bytes that tell whether a large file is an image
MOST_BYTES = 2**31 - 1  # of a file, as OpenCV counts them


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
    """Read an image file as uint8 [H, W, channels].

    1 channel is grey, 3 are RGB, 4 RGB and alpha, or the bands of a TIFF. Alpha is dropped, or
    opaque; grey is repeated, 16 bits keep their high byte. A photograph is turned as its EXIF data
    say, unless not `exif`. `tell` is called with what is worth knowing about the file. Raises
    DataError: it cannot be opened, is no image, is too large, or is damaged.

    Darknet: src/image.c load_image_stb, src/image_opencv.cpp load_image_mat_cv (AlexeyAB)
    Quirk: EXIF_TURNS
    """
    return image_of_content(file_bytes(path), str(path), channels, exif, tell)


def image_of_content(
    content: bytes,
    name: str,
    channels: int = 3,
    exif: bool = True,
    tell: Callable[[Remark], None] = tell_once,
) -> np.ndarray:
    """Return the image in the content of a file, as `load_image` does; messages call it `name`."""
    try:
        image = decode(content, channels)
    except DataError as error:
        raise no_image(name, error.problem) from None
    except MemoryError:
        raise no_image(name, "too large for the memory that is left") from None
    if ends_early(content):
        text = f"{name} ends early: what is missing of the image is grey"
        tell(Remark(text, text))
    if exif and (orientation := orientation_of(content)) != 1:
        image = upright(image, orientation)
        tell(Remark(turning_text(name, orientation), "exif"))
    return image


def no_image(name: str, reason: str) -> DataError:
    """Make the error about a file that gives no image.

    Darknet: src/image.c load_image_stb
    """
    return DataError(f'Cannot load image "{name}": {reason}')


def turning_text(name: str, orientation: int) -> str:
    """Return the line about the first photograph that is turned."""
    return (
        f"{name} is turned upright (EXIF orientation {orientation}), as all such images are:"
        " -exif off (in Python exif=False) leaves them as they are stored"
    )


def file_bytes(path: str | Path) -> bytes:
    """Read a file, but of one that is no image only the beginning; DataError says why it cannot.

    Reading a pipe or a device would wait, so they are refused.
    """
    reason = not_a_file(path)
    if reason:
        raise no_image(str(path), f"cannot be opened: {reason}")
    try:
        with open(path, "rb", buffering=0) as file:
            head = file.read(HEAD)
            if len(head) < HEAD or format_of(head) is None:
                return head
            size = os.fstat(file.fileno()).st_size
            if size > MOST_BYTES:
                raise no_image(str(path), f"too large: {size} bytes: expected at most {MOST_BYTES}")
            file.seek(0)
            return file.readall()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
    except MemoryError:
        raise no_image(str(path), "too large for the memory that is left") from None
    raise no_image(str(path), f"cannot be opened: {reason}")


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
