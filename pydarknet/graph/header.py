"""The header of a weights file, and what a file is that has none."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path

from ..errors import WeightsError

OTHER_FORMATS = (
    (b"<", "is an HTML page, no weights", "the address is gone or wants a click: fetch it again"),
    (b"version https://git-lfs", "is a Git LFS pointer, no weights", "run git lfs pull"),
    (
        b"PK\x03\x04",
        "is a zip archive, no Darknet weights",
        "unpack it; .pt files are another form",
    ),
    (b"\x1f\x8b", "is a gzip archive, no weights", "unpack it first"),
    (b"\x80\x02", "is a Python pickle, no Darknet weights", "convert it where it was made"),
    (b"\x89HDF", "is an HDF5 file, no Darknet weights", "convert it where it was made"),
    (b"[", "is a text file, no weights", "is it the .cfg? the weights come after it"),
)


@dataclass(frozen=True)
class Problem:
    """What a file is instead of weights, and a hint what to do."""

    text: str
    hint: str = ""


def no_weights(start: bytes, size: int) -> Problem | None:
    """Return what a file is, judged by its first bytes, if it cannot be weights."""
    if size < 16:
        return Problem(f"has {size} bytes: expected a header of 16 or 20", "the download stopped")
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    for sign, what, hint in OTHER_FORMATS:
        if text.startswith(sign) and (len(sign) > 1 or is_text(text)):
            return Problem(what, hint)
    if is_text(start):
        return Problem("is a text file, no weights", "is it the .cfg or a list?")
    return None


def is_text(start: bytes) -> bool:
    """Return whether bytes are text; weights are not, since their version has zero bytes."""
    return b"\0" not in start and all(byte >= 32 or byte in b"\t\r\n" for byte in start[:64])


@dataclass(frozen=True)
class Header:
    """The first 16 or 20 bytes: a version, and the number of images that trained the weights."""

    major: int
    minor: int
    revision: int
    seen: int = 0
    long: bool = True  # whether `seen` has 8 bytes

    @property
    def version(self) -> tuple[int, int, int]:
        """The three numbers of the version."""
        return self.major, self.minor, self.revision

    @property
    def transposed(self) -> bool:
        """Whether the matrices of connected layers are [inputs, outputs]."""
        return self.major > 1000 or self.minor > 1000

    @property
    def size(self) -> int:
        """The header's bytes."""
        return 20 if self.long else 16

    def to_bytes(self) -> bytes:
        """Return the header as it stands in a file."""
        form, most = ("<3iQ", 2**64) if self.long else ("<3iI", 2**32)
        return struct.pack(form, *self.version, self.seen % most)


def read_header(path: str | Path, *, long_when_transposed: bool = False) -> Header:
    """Read the header of a weights file; raise WeightsError if the file is something else.

    `seen` has 8 bytes from version 0.2 on. Where the version says transposed, the original reads
    4 bytes and the fork 8.

    Darknet: src/parser.c load_weights_upto
    Quirk: SEEN_WIDTH
    """
    try:
        with open(path, "rb") as file:
            start, size = file.read(512), os.fstat(file.fileno()).st_size
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        raise WeightsError(f"Couldn't open file: {path} ({reason})") from None
    problem = no_weights(start, size)
    if problem:
        raise WeightsError(problem.text, where=path, hint=problem.hint)
    major, minor, revision = struct.unpack_from("<3i", start)
    long = major * 10 + minor >= 2
    if not long_when_transposed:
        long = long and major < 1000 and minor < 1000
    if size < (20 if long else 16):
        raise WeightsError(f"has {size} bytes: expected a header of 20", where=path)
    (seen,) = struct.unpack_from("<Q" if long else "<I", start, 12)
    return Header(major, minor, revision, seen, long)
