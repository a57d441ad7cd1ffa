"""EXIF: how a photograph must be turned to stand upright."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Final

import cv2
import numpy as np

from .containers import JPEG, PNG, is_webp, jpeg_segments, png_chunks, riff_chunks

APP1, EXIF = b"\xe1", b"Exif\0\0"
ORIENTATION = 0x0112  # the tag
BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}

# How OpenCV turns an image of each orientation but 1, which is upright
TURNS: Final[dict[int, Callable[[np.ndarray], np.ndarray]]] = {
    2: lambda image: cv2.flip(image, 1),
    3: lambda image: cv2.rotate(image, cv2.ROTATE_180),
    4: lambda image: cv2.flip(image, 0),
    5: cv2.transpose,
    6: lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE),
    7: lambda image: cv2.flip(cv2.transpose(image), -1),
    8: lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


def upright(image: np.ndarray, orientation: int) -> np.ndarray:
    """Turn an image [H, W, C] as an EXIF orientation says."""
    if orientation not in TURNS:
        return image
    found = TURNS[orientation](image)
    return found.reshape(*found.shape[:2], image.shape[2])  # OpenCV drops the axis of grey


def orientation_of(content: bytes) -> int:
    """Return the EXIF orientation, 1 to 8, of a JPEG, PNG or WebP file; 1 if it has none.

    OpenCV: modules/imgcodecs/src/exif.cpp ExifReader
    """
    found = (orientation_in(block) for block in exif_blocks(content))
    return next((number for number in found if number), 1)


def exif_blocks(content: bytes) -> Iterator[bytes]:
    """Yield what a file holds of EXIF, from the byte order on."""
    if content.startswith(JPEG):
        for piece in jpeg_segments(content):
            if piece.kind == APP1 and content.startswith(EXIF, piece.start):
                yield content[piece.start + len(EXIF) : piece.end]
    elif content.startswith(PNG) and b"eXIf" in content:
        yield from (content[p.start : p.end] for p in png_chunks(content) if p.kind == b"eXIf")
    elif is_webp(content):
        yield from (content[p.start : p.end] for p in riff_chunks(content) if p.kind == b"EXIF")


def orientation_in(block: bytes) -> int:
    """Return the orientation that a block of EXIF names, or 0; it lies in the first directory."""
    order = BYTE_ORDERS.get(block[:4])
    if order is None or len(block) < 8:
        return 0
    (start,) = struct.unpack_from(f"{order}I", block, 4)
    if start + 2 > len(block):
        return 0
    (count,) = struct.unpack_from(f"{order}H", block, start)
    last = min(count, (len(block) - start - 2) // 12)
    for entry in range(start + 2, start + 2 + 12 * last, 12):
        tag, value = struct.unpack_from(f"{order}H6xH", block, entry)
        if tag == ORIENTATION:
            return value if 1 <= value <= 8 else 0
    return 0
