"""Image files as telephones write them: stored lying, with EXIF data that turn them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import cv2
import numpy as np

WRITERS: dict[str, Callable[[np.ndarray, bytes], bytes]] = {}


def corners(width: int = 24, height: int = 16) -> np.ndarray:
    """Return an image [height, width, 3] whose corners differ, so that every turn shows."""
    image = np.zeros((height, width, 3), np.uint8)
    image[: height // 2, : width // 2] = 250, 10, 10
    image[: height // 2, width // 2 :] = 10, 250, 10
    image[height // 2 :, : width // 2] = 10, 10, 250
    return image


def exif_block(orientation: int, order: str = "<", tag: int = 0x0112) -> bytes:
    """Return EXIF data with one entry, in the byte order of Intel (<) or Motorola (>)."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(f"{order}IHHHIHHI", 8, 1, tag, 3, 1, orientation, 0, 0)


def jpeg_with(image: np.ndarray, block: bytes) -> bytes:
    """Return a JPEG file with EXIF data."""
    content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    body = b"Exif\0\0" + block
    return content[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + content[2:]


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(image: np.ndarray, block: bytes) -> bytes:
    """Return a PNG file with EXIF data after its header."""
    content = cv2.imencode(".png", image)[1].tobytes()
    return content[:33] + png_chunk(b"eXIf", block) + content[33:]


def webp_with(image: np.ndarray, block: bytes) -> bytes:
    """Return a WebP file with EXIF data at its end."""
    content = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()
    height, width = image.shape[:2]
    size = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"VP8X" + struct.pack("<II", 10, 8) + size + content[12:]
    body += b"EXIF" + struct.pack("<I", len(block)) + block + b"\0" * (len(block) % 2)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


WRITERS |= {"jpg": jpeg_with, "png": png_with, "webp": webp_with}
