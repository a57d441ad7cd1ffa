"""Targa files (.tga), which OpenCV does not read."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

INDEXED, COLOUR, GREY, PACKED = 1, 2, 3, 8  # kinds of images; PACKED is added to each
DEPTHS = 8, 15, 16, 24, 32
FROM_TOP = 0x20  # the bit of the last byte of the header that puts the first row at the top
HEADER = struct.Struct("<BBBHHBHHHHBB")


@dataclass(frozen=True)
class Header:
    """The header of a Targa file."""

    remark: int  # bytes of a remark after it
    has_palette: int
    kind: int
    skipped: int  # bytes before the palette's colours
    colours: int
    palette_depth: int
    left: int
    bottom: int
    width: int
    height: int
    depth: int
    flags: int

    @property
    def packed(self) -> bool:
        """Whether runs of equal pixels are written once."""
        return self.kind >= PACKED

    @property
    def data_start(self) -> int:
        """Where the palette or, without one, the pixels begin."""
        return HEADER.size + self.remark

    @property
    def plausible(self) -> bool:
        """Whether a Targa file can begin so.

        Darknet: src/stb_image.h stbi__tga_test
        """
        plain = self.kind % PACKED
        if self.has_palette > 1 or self.kind > PACKED + GREY or not self.width or not self.height:
            return False
        if self.has_palette:
            return plain == INDEXED and self.palette_depth in DEPTHS and self.depth in (8, 16)
        return plain in (COLOUR, GREY) and self.depth in DEPTHS


def header_of(content: bytes) -> Header:
    """Return the header of a content; struct.error if it is cut."""
    return Header(*HEADER.unpack_from(content))


def is_targa(content: bytes) -> bool:
    """Return whether a content can be a Targa file, which has no sign of its own."""
    return len(content) > HEADER.size and header_of(content).plausible


def size_of(content: bytes) -> tuple[int, int]:
    """Return width and height."""
    header = header_of(content)
    return header.width, header.height


def decode_targa(content: bytes) -> np.ndarray | None:
    """Decode a Targa file to uint8 [H, W, C]: grey, grey and alpha, RGB or RGBA; None if damaged.

    Darknet: src/stb_image.h stbi__tga_load
    """
    header = header_of(content)
    start, palette = header.data_start, None
    if header.has_palette:
        each = bytes_of(header.palette_depth)
        start += header.skipped
        end = start + each * header.colours
        if not header.colours or end > len(content):
            return None
        palette = pixels_of(content[start:end], header.palette_depth)
        start = end
    data = raw_pixels(header, content[start:])
    if data is None:
        return None
    if palette is None:
        found = pixels_of(data, header.depth, grey=header.kind % PACKED == GREY)
    else:
        found = palette_pixels(palette, np.frombuffer(data, f"<u{bytes_of(header.depth)}"))
    image = found.reshape(header.height, header.width, -1)
    return np.ascontiguousarray(image if header.flags & FROM_TOP else image[::-1])


def bytes_of(depth: int) -> int:
    """Return how many bytes a pixel takes; 15 bits take two."""
    return (depth + 7) // 8


def palette_pixels(palette: np.ndarray, indexes: np.ndarray) -> np.ndarray:
    """Return the colours [N, C] of indexes; the first where the palette ends before."""
    return palette[np.where(indexes < len(palette), indexes, 0)]


def pixels_of(data: bytes, depth: int, grey: bool = False) -> np.ndarray:
    """Return pixels [N, C] in the order red, green, blue, alpha."""
    if depth == 15 or (depth == 16 and not grey):
        packed = np.frombuffer(data, "<u2").astype(np.uint32)[:, None]
        return ((packed >> np.array([10, 5, 0], np.uint32) & 31) * 255 // 31).astype(np.uint8)
    found = np.frombuffer(data, np.uint8).reshape(-1, bytes_of(depth))
    return found[:, [2, 1, 0, 3][: found.shape[1]]] if depth >= 24 else found


def raw_pixels(header: Header, data: bytes) -> bytes | None:
    """Return the bytes of all pixels, unpacked; None if there are too few."""
    each = bytes_of(header.depth)
    needed = each * header.width * header.height
    found = unpack(data, each, needed) if header.packed else data
    return found[:needed] if len(found) >= needed else None


def unpack(data: bytes, each: int, needed: int) -> bytes:
    """Return the pixels, of `each` bytes, of packets: one to repeat, or up to 128 as they are."""
    found = bytearray()
    at = 0
    while len(found) < needed and at < len(data):
        count, repeats = (data[at] & 127) + 1, data[at] >> 7
        length = each if repeats else each * count
        found += data[at + 1 : at + 1 + length] * (count if repeats else 1)
        at += 1 + length
    return bytes(found)
