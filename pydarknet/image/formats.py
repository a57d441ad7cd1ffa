"""The formats of image files: how each begins, its endings, and the size that its header names."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from . import gif, tga
from .containers import JPEG, PNG, is_webp, jpeg_segments

FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # markers of JPEG that name a size
LONG_IFD = b"II\x2b\0", b"MM\0\x2b"  # how a TIFF of 64 bits begins
WIDTH, HEIGHT, SHORT = 256, 257, 3  # tags of TIFF, and its numbers of 16 bits
SIGNS = 4096  # bytes in which a header of text ends

Size = tuple[int, int]  # width and height


@dataclass(frozen=True)
class Format:
    """A format: its name, its files' endings, whether a content is of it, and how it is read.

    `size` may raise ValueError or struct.error where a header is cut or names none.
    """

    name: str
    endings: tuple[str, ...]
    begins: Callable[[bytes], bool]
    size: Callable[[bytes], Size]
    decode: Callable[[bytes], np.ndarray | None] | None = None  # None: OpenCV does
    amend: Callable[[bytes, np.ndarray], np.ndarray] | None = None  # pixels and alpha of OpenCV's


def format_of(content: bytes) -> Format | None:
    """Return the format of a content that can be read; None for any other."""
    return next((one for one in FORMATS if one.begins(content)), None)


def other_format(content: bytes) -> str:
    """Return the name of a known format that is not read, of images or else; empty for none."""
    return next((name for name, form in OTHERS.items() if form.match(content)), "")


def jpeg_size(content: bytes) -> Size:
    """Return the size in the header of the frame; libjpeg refuses a second one."""
    for piece in jpeg_segments(content):
        if piece.kind[0] in FRAMES:
            height, width = struct.unpack_from(">HH", content, piece.start + 1)
            return width, height
    raise ValueError("no size")


def png_size(content: bytes) -> Size:
    """Return the size in the chunk IHDR."""
    return struct.unpack_from(">II", content, 16)


def gif_size(content: bytes) -> Size:
    """Return the size of the screen on which frames are drawn."""
    return struct.unpack_from("<HH", content, 6)


def bmp_size(content: bytes) -> Size:
    """Return the size of a bitmap; the height is negative where its first row is the top."""
    (length,) = struct.unpack_from("<I", content, 14)
    width, height = struct.unpack_from("<HH" if length == 12 else "<ii", content, 18)
    return abs(width), abs(height)


def webp_size(content: bytes) -> Size:
    """Return the size of the canvas, or of the only image."""
    kind = content[12:16]
    if kind == b"VP8X":
        low, high = content[24:27], content[27:30]
        return int.from_bytes(low, "little") + 1, int.from_bytes(high, "little") + 1
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", content, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", content, 26)
    return width & 0x3FFF, height & 0x3FFF


def tiff_size(content: bytes) -> Size:
    """Return the size in the first directory, which may be of 32 or of 64 bits."""
    order = "<" if content[:1] == b"I" else ">"
    long = content[:4] in LONG_IFD
    (start,) = struct.unpack_from(f"{order}Q" if long else f"{order}I", content, 8 if long else 4)
    (count,) = struct.unpack_from(f"{order}Q" if long else f"{order}H", content, start)
    first, each = (start + 8, 20) if long else (start + 2, 12)
    found = {}
    for entry in range(first, first + each * min(count, len(content) // each), each):
        tag, kind = struct.unpack_from(f"{order}HH", content, entry)
        value = entry + each - (8 if long else 4)
        if tag in (WIDTH, HEIGHT):
            number = "H" if kind == SHORT else "I"
            (found[tag],) = struct.unpack_from(f"{order}{number}", content, value)
    if len(found) < 2:
        raise ValueError("no size")
    return found[WIDTH], found[HEIGHT]


def netpbm_size(content: bytes) -> Size:
    """Return the size of a portable map: two numbers after its mark, around remarks."""
    words = re.sub(rb"#[^\r\n]*", b" ", content[:SIGNS]).split(maxsplit=3)
    return int(words[1]), int(words[2])


def pam_size(content: bytes) -> Size:
    """Return the size of a portable arbitrary map."""
    width, height = (re.search(rb"\b%s\s+(\d+)" % word, content[:SIGNS]) for word in PAM_WORDS)
    if not width or not height:
        raise ValueError("no size")
    return int(width[1]), int(height[1])


PAM_WORDS = b"WIDTH", b"HEIGHT"


def sun_size(content: bytes) -> Size:
    """Return the size of a Sun raster."""
    return struct.unpack_from(">II", content, 4)


def radiance_size(content: bytes) -> Size:
    """Return the size of a Radiance image, whose header is text."""
    found = re.search(rb"[-+]Y\s+(\d+)\s+[-+]X\s+(\d+)", content[:SIGNS])
    if not found:
        raise ValueError("no size")
    return int(found[2]), int(found[1])


def jpeg2000_size(content: bytes) -> Size:
    """Return the size that the code stream names; the box before it may say less."""
    start = content.index(b"\xff\x4f\xff\x51")
    right, bottom, left, top = struct.unpack_from(">IIII", content, start + 8)
    return right - left, bottom - top


def avif_size(content: bytes) -> Size:
    """Return the largest size that a property names."""
    found = [
        struct.unpack_from(">II", content, match.end() + 4)
        for match in re.finditer(b"ispe", content[: 16 * SIGNS])
    ]
    return max(found, key=lambda size: size[0] * size[1])


def is_avif(content: bytes) -> bool:
    """Return whether a box at the beginning lists AVIF among the kinds of the file."""
    if content[4:8] != b"ftyp":
        return False
    kinds = content[8 : min(int.from_bytes(content[:4], "big"), SIGNS)]
    return b"avif" in kinds or b"avis" in kinds


def begins(*signs: bytes) -> Callable[[bytes], bool]:
    """Return what tells whether a content begins with one of these signs."""
    return lambda content: content.startswith(signs)


# What OpenCV reads, and Targa, which has no sign of its own and so stands last
FORMATS: Final = (
    Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), begins(JPEG), jpeg_size),
    Format("PNG", (".png", ".apng"), begins(PNG), png_size),
    Format("GIF", (".gif",), begins(b"GIF87a", b"GIF89a"), gif_size, amend=gif.fill_unseen),
    Format("BMP", (".bmp", ".dib"), begins(b"BM"), bmp_size),
    Format("WebP", (".webp",), is_webp, webp_size),
    Format("TIFF", (".tif", ".tiff"), begins(b"II*\0", b"MM\0*", *LONG_IFD), tiff_size),
    Format("PAM", (".pam",), begins(b"P7\n", b"P7\r", b"P7 "), pam_size),
    Format(
        "PNM",
        (".ppm", ".pgm", ".pbm", ".pnm", ".pxm", ".pfm"),
        lambda content: re.match(rb"P[1-6fF]\s", content) is not None,
        netpbm_size,
    ),
    Format("Sun raster", (".sr", ".ras"), begins(b"\x59\xa6\x6a\x95"), sun_size),
    Format("Radiance HDR", (".hdr",), begins(b"#?RADIANCE", b"#?RGBE"), radiance_size),
    Format(
        "JPEG 2000",
        (".jp2", ".j2k", ".jpc", ".j2c"),
        begins(b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"),
        jpeg2000_size,
    ),
    Format("AVIF", (".avif",), is_avif, avif_size),
    Format("Targa", (".tga",), tga.is_targa, tga.size_of, tga.decode_targa),
)
ENDINGS: Final = frozenset(ending for one in FORMATS for ending in one.endings)

# What people take for an image that can be read
VIDEO: Final = "a video"
OTHERS: Final = {
    "a Photoshop file": re.compile(b"8BPS"),
    "a HEIC photograph": re.compile(b"....ftyp(heic|heix|mif1|msf1|heim|heis)", re.DOTALL),
    "an OpenEXR image": re.compile(b"v/1\x01"),
    "a Softimage picture": re.compile(b"\x53\x80\xf6\x34"),
    "a JPEG XL image": re.compile(b"\xff\x0a|\0\0\0\x0cJXL "),
    "an icon": re.compile(b"\0\0\x01\0"),
    "a PDF document": re.compile(b"%PDF"),
    "an SVG drawing": re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<svg", re.DOTALL),
    "a web page": re.compile(rb"\s*<(!doctype html|html)", re.IGNORECASE),
    "a file of Git LFS, whose content was not fetched": re.compile(b"version https://git-lfs"),
    VIDEO: re.compile(
        b"....ftyp(iso|mp4|M4V|qt|avc1|3g|MSNV|dash)|RIFF....AVI |\x1aE\xdf\xa3", re.S
    ),
    "an archive": re.compile(b"PK\x03\x04|\x1f\x8b|Rar!|7z\xbc\xaf"),
}
