"""The pieces that image files consist of: segments of JPEG, chunks of PNG and WebP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9
ALONE = {0x01, *range(0xD0, 0xD9)}  # markers of JPEG without a length


class Piece(NamedTuple):
    """A piece of a file: its kind, where its data start, and the length that it claims."""

    kind: bytes
    start: int
    length: int

    @property
    def end(self) -> int:
        """Where its data end, if the file is that long."""
        return self.start + self.length


def is_webp(content: bytes) -> bool:
    """Return whether a content begins like a WebP file."""
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def jpeg_segments(content: bytes) -> Iterator[Piece]:
    """Yield the segments of a JPEG file up to the first scan; `kind` is the marker's byte."""
    at = 2
    while 0 <= (at := content.find(b"\xff", at)) < len(content) - 3:
        marker = content[at + 1]
        if marker in ALONE or marker in (0x00, 0xFF):
            at += 1 if marker == 0xFF else 2
            continue
        if marker == END_OF_IMAGE:
            return
        segment = Piece(
            bytes([marker]), at + 4, int.from_bytes(content[at + 2 : at + 4], "big") - 2
        )
        yield segment
        if marker == START_OF_SCAN:
            return
        at = max(segment.end, at + 4)


def png_chunks(content: bytes) -> Iterator[Piece]:
    """Yield the chunks of a PNG file."""
    at = len(PNG)
    while at + 8 <= len(content):
        chunk = Piece(content[at + 4 : at + 8], at + 8, int.from_bytes(content[at : at + 4], "big"))
        yield chunk
        at = chunk.end + 4  # after its check sum


def riff_chunks(content: bytes) -> Iterator[Piece]:
    """Yield the chunks of a WebP file."""
    at = 12
    while at + 8 <= len(content):
        chunk = Piece(
            content[at : at + 4], at + 8, int.from_bytes(content[at + 4 : at + 8], "little")
        )
        yield chunk
        at = chunk.end + chunk.length % 2
