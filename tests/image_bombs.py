"""Small image files whose headers claim any size; a file per format that OpenCV reads."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import cv2
import numpy as np
from photos import png_chunk

PNG = b"\x89PNG\r\n\x1a\n"
BLACK = np.zeros((64, 64, 3), np.uint8)


def encoded(ending: str, *options: int) -> bytearray:
    """Return a black image of 64 x 64 in a format."""
    return bytearray(cv2.imencode(ending, BLACK, options)[1].tobytes())


def png(w: int, h: int, *more: bytes) -> bytes:
    """Return a PNG with a row of its pixels, and further chunks."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 0))
    data = png_chunk(b"IDAT", zlib.compress(bytes(25 * 8)))
    return PNG + header + b"".join(more) + data + png_chunk(b"IEND", b"")


def jpeg(w: int, h: int, progressive: int = 0) -> bytes:
    """Return a JPEG, in one scan or several."""
    content = encoded(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, progressive)
    at = content.index(b"\xff\xc2" if progressive else b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", h, w)
    return bytes(content)


def gif(w: int, h: int) -> bytes:
    """Return a GIF with a frame of its whole size."""
    screen = struct.pack("<HHBBB", w, h, 0x80, 0, 0) + bytes(6)
    return b"GIF89a" + screen + b"," + struct.pack("<HHHHB", 0, 0, w, h, 0) + b"\2\2\x44\1\0;"


def bmp(w: int, h: int) -> bytes:
    """Return a bitmap whose first row is the top."""
    sizes = 54, 0, 0, 54, 40, w, -h, 1, 24, *[0] * 6
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", *sizes)


def old_bmp(w: int, h: int) -> bytes:
    """Return a bitmap of OS/2."""
    return b"BM" + struct.pack("<IHHIIHHHH", 26, 0, 0, 26, 12, w, h, 1, 24)


def tiff(w: int, h: int, order: str = "<") -> bytes:
    """Return a TIFF with a strip of 100 bytes."""
    tags = [(256, w), (257, h), (258, 8), (259, 1), (262, 2), (273, 8), (277, 3), (278, h)]
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    directory = struct.pack(f"{order}H", len(tags)) + entries + bytes(4)
    return mark + struct.pack(f"{order}I", 108) + bytes(100) + directory


def big_tiff(w: int, h: int) -> bytes:
    """Return the header of a TIFF of 64 bits."""
    tags = b"".join(struct.pack("<HHQQ", tag, 4, 1, value) for tag, value in ((256, w), (257, h)))
    return b"II\x2b\0" + struct.pack("<HHQQ", 8, 0, 16, 2) + tags + bytes(8)


def webp(w: int, h: int) -> bytes:
    """Return a WebP of the lossy kind."""
    content = encoded(".webp", cv2.IMWRITE_WEBP_QUALITY, 80)
    content[26:30] = struct.pack("<HH", w, h)
    return bytes(content)


def lossless_webp(w: int, h: int) -> bytes:
    """Return a WebP of the lossless kind."""
    content = encoded(".webp", cv2.IMWRITE_WEBP_QUALITY, 101)
    (bits,) = struct.unpack_from("<I", content, 21)
    content[21:25] = struct.pack("<I", bits & 0xF0000000 | (h - 1) << 14 | (w - 1))
    return bytes(content)


def canvas_webp(w: int, h: int) -> bytes:
    """Return a WebP whose image lies on a canvas."""
    size = struct.pack("<I", w - 1)[:3] + struct.pack("<I", h - 1)[:3]
    image = bytes(encoded(".webp", cv2.IMWRITE_WEBP_QUALITY, 101)[12:])
    body = b"WEBPVP8X" + struct.pack("<II", 10, 0) + size + image
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg2000(w: int, h: int) -> bytes:
    """Return a code stream of JPEG 2000."""
    content = encoded(".jp2")
    stream = content[content.index(b"\xff\x4f\xff\x51") :]
    stream[8:16] = struct.pack(">II", w, h)
    return bytes(stream)


def avif(w: int, h: int) -> bytes:
    """Return an AVIF."""
    content = encoded(".avif")
    at = content.index(b"ispe") + 8
    content[at : at + 8] = struct.pack(">II", w, h)
    return bytes(content)


def targa(w: int, h: int) -> bytes:
    """Return a Targa file of runs."""
    return struct.pack("<BBBHHBHHHHBB", 0, 0, 10, 0, 0, 0, 0, 0, w, h, 24, 0) + b"\xff\1\2\3" * 10


def by_text(text: str) -> Callable[[int, int], bytes]:
    """Return what makes a file whose header is a text."""
    return lambda w, h: text.format(w=w, h=h).encode() + bytes(100)


FILES: dict[str, Callable[[int, int], bytes]] = {
    "a.png": png,
    "a.jpg": jpeg,
    "progressive.jpg": lambda w, h: jpeg(w, h, 1),
    "a.gif": gif,
    "a.bmp": bmp,
    "os2.bmp": old_bmp,
    "a.tif": tiff,
    "motorola.tif": lambda w, h: tiff(w, h, ">"),
    "big.tif": big_tiff,
    "canvas.webp": canvas_webp,
    "a.jp2": jpeg2000,
    "a.avif": avif,
    "a.tga": targa,
    "a.ppm": by_text("P6\n# a remark\n{w} {h}\n255\n"),
    "a.pbm": by_text("P4 {w} {h}\n"),
    "a.pfm": by_text("PF\n{w} {h}\n-1.0\n"),
    "a.pam": by_text("P7\nWIDTH {w}\nHEIGHT {h}\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n"),
    "a.hdr": by_text("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y {h} +X {w}\n"),
    "a.ras": lambda w, h: b"\x59\xa6\x6a\x95" + struct.pack(">7I", w, h, 24, 0, 1, 0, 0),
}
SMALLER = {"a.webp": webp, "lossless.webp": lossless_webp}  # whose sides have 14 bits
