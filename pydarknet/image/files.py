"""Image files: read and written as uint8 RGB [H, W, C], without torch."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..errors import DataError
from ..system.console import note, note_once
from ..system.files import write_file
from ..system.text import not_a_file
from .decode import decode, ends_early, silent_opencv
from .decode import grey as grey
from .exif import orientation_of, upright
from .formats import format_of

JPEG = {".jpg", ".jpeg"}
JPEG_SIDE = 65500  # pixels, as libjpeg
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
            size, head = os.fstat(file.fileno()).st_size, file.read(HEAD)
            if size <= len(head) or format_of(head) is None:
                return head
            if size > MOST_BYTES:
                raise no_image(str(path), f"too large: {size} bytes: expected at most {MOST_BYTES}")
            file.seek(0)
            return file.readall()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
    except MemoryError:
        raise no_image(str(path), "too large for the memory that is left") from None
    raise no_image(str(path), f"cannot be opened: {reason}")


def stdin_bytes(name: str) -> bytes:
    """Return what stdin gives, but of what is no image only the beginning.

    Raises DataError, which calls it `name`: it is closed, a terminal, too large or cannot be read.
    """
    stdin = sys.stdin
    if stdin is None or stdin.closed:
        raise no_image(name, "stdin is closed")
    if stdin.isatty():
        raise no_image(name, "it is a terminal: expected an image, as by `< photo.jpg`")
    try:
        head = stdin.buffer.read(HEAD)
        if len(head) < HEAD or format_of(head) is None:
            return head
        content = head + stdin.buffer.read(MOST_BYTES + 1 - HEAD)
    except OSError as error:
        raise no_image(name, f"cannot be read: {error.strerror}") from None
    except MemoryError:
        raise no_image(name, "too large for the memory that is left") from None
    if len(content) > MOST_BYTES:
        raise no_image(name, f"too large: expected at most {MOST_BYTES} bytes")
    return content


def save_image(image: np.ndarray, path: str | Path) -> None:
    """Write uint8 [H, W, C], whole or not at all: JPEG of quality 80 to a .jpg, else PNG.

    An image that JPEG cannot hold becomes a PNG beside it, with a note. Raises DataError.

    Darknet: src/image.c save_image_options
    """
    file = file_for(image.shape, path)
    write_image(encode(image, file), file, path)


def write_image(content: bytes, file: str | Path, path: str | Path) -> None:
    """Write the content of an image's file; a note says why it is not at the `path` that is meant.

    Raises DataError.
    """
    if file != Path(path):
        note(f"{path}: JPEG holds at most {JPEG_SIDE} pixels in a row or column: written as {file}")
    try:
        write_file(file, content)
    except OSError as error:
        raise DataError(f"Failed to write image {file}: {error.strerror}") from None


def file_for(shape: tuple[int, ...], path: str | Path) -> Path:
    """Return where an image [H, W, C] is saved: at a path, or as PNG if its JPEG is too long."""
    path = Path(path)
    is_too_long = path.suffix.lower() in JPEG and max(shape[:2]) > JPEG_SIDE
    return path.with_suffix(".png") if is_too_long else path


def encode(image: np.ndarray, file: Path) -> bytes:
    """Return the content of the file of an image; raise DataError if it is impossible.

    A JPEG has three channels, of a grey image too.

    Darknet: src/image.c save_image_options
    Quirk: JPEG_COLOURS
    """
    kind, options = ".png", []
    swaps = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    if file.suffix.lower() in JPEG:
        kind, options = ".jpg", [cv2.IMWRITE_JPEG_QUALITY, 80]
        swaps[1] = cv2.COLOR_GRAY2BGR
    try:
        swap = swaps.get(image.shape[2])
        with silent_opencv():
            done, content = cv2.imencode(
                kind, image if swap is None else cv2.cvtColor(image, swap), options
            )
    except (cv2.error, IndexError):
        done = False
    if not done:
        form = f"{image.dtype} {list(image.shape)}"
        raise DataError(f"Failed to write image {file}: {form} cannot be encoded as {kind[1:]}")
    return bytes(content)
