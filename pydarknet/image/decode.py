"""From the content of an image file to pixels; what its header claims is checked before."""

from __future__ import annotations

import os
import struct
import threading
from typing import Any, Final

import cv2
import numpy as np

from ..errors import DataError
from ..system.memory import usable_memory
from ..system.text import count_of, excerpt
from .containers import JPEG, PNG, START_OF_SCAN, jpeg_segments, png_chunks
from .formats import FORMATS, FRAMES, Format, Size, format_of, other_format

# Twice PIL's MAX_IMAGE_PIXELS, beyond which PIL refuses an image: a quarter of a GiB, 3 bytes each
MOST_PIXELS: Final = 2 * (2**30 // 4 // 3)
LARGE: Final = 1 << 24  # pixels, from which on it is asked whether they fit into memory
TAKEN: Final = 6  # bytes for each pixel: as OpenCV decodes them, and red first
MOST_CHANNELS: Final = 4  # of an image in a file
MOST_SIDE: Final = 1 << 20  # as OpenCV
LIMIT: Final = "OPENCV_IO_MAX_IMAGE_PIXELS"  # the environment variable that replaces MOST_PIXELS
ONE_SCAN: Final = (0xC0, 0xC1)  # frames of JPEG whose pixels may all be in one scan
MOST_SCANS: Final = 500  # of a JPEG; encoders write a dozen
MISSING: Final = bytes([0xFF, 0xD9]) * (1 << 15)  # what libjpeg reads after the end of a file
READABLE: Final = ", ".join(one.name for one in FORMATS[:6])
# OpenCV 5 moved getLogLevel and setLogLevel; opencv-python 4 has them at the top.
opencv_log: Any = getattr(cv2.utils, "logging", cv2)


def decode(content: bytes, channels: int = 3) -> np.ndarray:
    """Decode the content of an image file to uint8 [H, W, channels], as it is stored.

    1 channel is grey, 2 are grey and alpha, 3 RGB, 4 RGB and alpha, or the bands of a TIFF. Raises
    DataError, which says whether it is no image, too large, or damaged.

    Darknet: src/image.c load_image_stb
    """
    if channels > MOST_CHANNELS:
        expected = f"expected {channels}, as the network"
        raise DataError(f"a file has at most {MOST_CHANNELS} channels: {expected}")
    form = known_format(content)
    size = checked_size(form, content)
    if form.decode:
        found = form.decode(content)
        if found is None:
            raise DataError(f"damaged: the {form.name} file ends early")
        return with_channels(found, channels)
    if content.startswith(PNG):
        check_chunks(content)
    if content.startswith(JPEG):
        check_scans(content)
    bare = channels in (1, 3) and not form.amend
    flags = cv2.IMREAD_COLOR if bare else cv2.IMREAD_UNCHANGED
    found = decode_by_opencv(whole_jpeg(content), flags | cv2.IMREAD_IGNORE_ORIENTATION, size)
    if found is None:
        raise DataError(f"damaged, or a kind of {form.name} that OpenCV does not decode")
    image = rgb_first(found)
    return with_channels(form.amend(content, image) if form.amend else image, channels)


def known_format(content: bytes) -> Format:
    """Return the format of a content; raise DataError if it is of none that can be read."""
    found = format_of(content)
    if found:
        return found
    if not content:
        raise DataError("not an image: the file is empty")
    other = other_format(content)
    what = f"not an image that can be read, but {other}" if other else "not an image"
    raise DataError(f"{what}: expected {READABLE} or Targa")


def checked_size(form: Format, content: bytes) -> Size:
    """Return the size that a header names; raise DataError if it is none, or too large."""
    try:
        width, height = form.size(content)
    except (ValueError, IndexError, OverflowError, struct.error):
        raise DataError(f"damaged: the header of this {form.name} names no size") from None
    pixels = f"{width} x {height} pixels"
    if width <= 0 or height <= 0:
        raise DataError(f"damaged: {pixels}")
    most = most_pixels()
    if width * height > most:
        raise DataError(f"too large: {pixels}: expected at most {most}; {LIMIT} changes that")
    if max(width, height) > MOST_SIDE:
        raise DataError(f"too large: {pixels}: expected at most {MOST_SIDE} in a row or column")
    if width * height > LARGE and TAKEN * width * height > usable_memory():
        raise DataError(f"too large for the memory of this process: {pixels}")
    return width, height


def most_pixels() -> int:
    """Return how many pixels an image may have: what the environment says, else twice PIL's."""
    given = os.environ.get(LIMIT, "")
    return int(given) if given.isdecimal() else MOST_PIXELS


def check_chunks(content: bytes) -> None:
    """Raise DataError if a chunk of a PNG claims more than there is: OpenCV would take it all."""
    for chunk in png_chunks(content):
        left = len(content) - chunk.start
        if chunk.length > left:
            kind = excerpt(chunk.kind.decode("ascii", "replace"))
            raise DataError(
                f"damaged: a chunk {kind} of {count_of(chunk.length, 'byte')}, {left} of them there"
            )
        if chunk.kind == b"IEND":
            return


def frame_of(content: bytes) -> tuple[int, int, int]:
    """Return the kind of a JPEG's frame, its number of colours, and that of its first scan."""
    kind = colours = of_scan = 0
    for piece in jpeg_segments(content):
        if piece.kind[0] in FRAMES and piece.start + 5 < len(content):
            kind, colours = piece.kind[0], content[piece.start + 5]
        if piece.kind[0] == START_OF_SCAN and piece.start < len(content):
            of_scan = content[piece.start]
    return kind, colours, of_scan


def check_scans(content: bytes) -> None:
    """Raise DataError if a JPEG has so many scans that decoding it would take minutes.

    libjpeg-turbo: djpeg -maxscans, TJPARAM_SCANLIMIT
    """
    kind, colours, of_scan = frame_of(content)
    if kind in ONE_SCAN and colours == of_scan:  # counting takes a while
        return
    scans = content.count(bytes([0xFF, START_OF_SCAN]))
    if scans > MOST_SCANS:
        raise DataError(f"damaged: {scans} scans in a JPEG: expected at most {MOST_SCANS}")


def ends_early(content: bytes) -> bool:
    """Return whether a JPEG file begins a scan, and has no end."""
    if content.endswith(MISSING[:2]) or not content.startswith(JPEG):
        return False
    segments = jpeg_segments(content)
    start = next((one.start for one in segments if one.kind[0] == START_OF_SCAN), None)
    return start is not None and content.rfind(MISSING[:2], start) < 0


def whole_jpeg(content: bytes) -> bytes:
    """Return a JPEG file with an end; what is missing before it becomes grey. Others stay.

    libjpeg itself ends a file so, but not a content in memory as OpenCV gives it.

    libjpeg: jdatasrc.c fill_input_buffer
    """
    return content + MISSING if ends_early(content) else content


def decode_by_opencv(content: bytes, flags: int, size: Size) -> np.ndarray | None:
    """Decode a content by OpenCV; None if it cannot. Raises DataError if memory is short."""
    with silent_opencv():
        try:
            return cv2.imdecode(np.frombuffer(content, np.uint8), flags)
        except MemoryError:
            pass
        except cv2.error as error:
            if error.code != cv2.Error.StsNoMem:
                return None
    raise DataError(f"too large for the memory that is left: {size[0]} x {size[1]} pixels")


def rgb_first(image: np.ndarray) -> np.ndarray:
    """Return what OpenCV decoded as uint8 [H, W, C], of three or four channels red first."""
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.dtype != np.uint8:
        raise DataError(f"an image of {image.dtype} values: expected 8 or 16 bits")
    if image.ndim == 2:
        return image[:, :, None]
    swaps = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}
    swap = swaps.get(image.shape[2])
    return image if swap is None else cv2.cvtColor(image, swap)


def swap_red_and_blue(image: np.ndarray) -> np.ndarray:
    """Return an image of three or four channels in the other order; any other as it is."""
    if image.shape[2] == 4:
        return image[:, :, [2, 1, 0, 3]]
    return image[:, :, ::-1] if image.shape[2] == 3 else image


def with_channels(image: np.ndarray, channels: int) -> np.ndarray:
    """Return an image of 1 to 4 channels with that many; a missing alpha is opaque.

    Darknet: src/stb_image.h stbi__convert_format
    """
    has = image.shape[2]
    if has == channels:
        return image
    bare = image[:, :, : has - 1] if has in (2, 4) else image
    colour = np.repeat(bare, 3, 2) if bare.shape[2] == 1 and channels > 2 else bare
    if channels <= 2 and colour.shape[2] == 3:
        colour = grey(colour)
    if channels in (1, 3):
        return np.ascontiguousarray(colour)
    alpha = image[:, :, -1:] if has in (2, 4) else np.full_like(image[:, :, :1], 255)
    return np.concatenate([colour, alpha], 2)


def grey(image: np.ndarray) -> np.ndarray:
    """Weigh RGB bytes [H, W, 3] to one channel [H, W, 1], in integers.

    Darknet: src/stb_image.h stbi__compute_y
    """
    r, g, b = (image[:, :, i : i + 1].astype(np.uint16) for i in range(3))
    return ((77 * r + 150 * g + 29 * b) >> 8).astype(np.uint8)


class Silence:
    """Keeps OpenCV from logging about damaged images, since the caller raises an error.

    The level of the log is the process's own: the first thread that decodes switches it off, the
    last switches it on again.
    """

    def __init__(self) -> None:
        self.lock, self.inside, self.level = threading.Lock(), 0, 0

    def __enter__(self) -> None:
        with self.lock:
            if not self.inside:
                self.level = opencv_log.getLogLevel()
                opencv_log.setLogLevel(0)
            self.inside += 1

    def __exit__(self, *error: object) -> None:
        with self.lock:
            self.inside -= 1
            if not self.inside:
                opencv_log.setLogLevel(self.level)


SILENCE: Final = Silence()


def silent_opencv() -> Silence:
    """Return the context in which OpenCV logs nothing, in any number of threads."""
    return SILENCE
