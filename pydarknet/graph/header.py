"""The header of a weights file, and what a file is that has none."""

from __future__ import annotations

import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from ..errors import WeightsError
from ..system.text import count_of, not_a_file

CONVERT = "convert it where it was made"
IMPORT = "pydarknet import CFG FILE OUT.weights makes weights of the arrays of known ports"
ZIP = f"unpack it; of .npz and .pt {IMPORT}"
UNPACK = "unpack it first"
IMAGE = "the weights come before the image"
OTHER_FORMATS = (  # what stands where in a file, what that is, and a hint
    (
        0,
        b"<",
        "is an HTML page, no weights",
        "the address is gone or wants a click: fetch it again",
    ),
    (0, b"version https://git-lfs", "is a Git LFS pointer, no weights", "run git lfs pull"),
    (0, b"PK\x03\x04", "is a zip archive, no Darknet weights", ZIP),
    (0, b"\x1f\x8b", "is a gzip archive, no weights", UNPACK),
    (0, b"BZh", "is a bzip2 archive, no weights", UNPACK),
    (0, b"\xfd7zXZ\0", "is an xz archive, no weights", UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "is a 7z archive, no weights", UNPACK),
    (0, b"Rar!", "is a rar archive, no weights", UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "is a zstd archive, no weights", UNPACK),
    (257, b"ustar", "is a tar archive, no weights", UNPACK),
    (0, b"\x89HDF", "is an HDF5 file, no Darknet weights", CONVERT),
    (0, b"\x93NUMPY", "is a numpy file, no Darknet weights", CONVERT),
    (4, b"TFL3", "is a TensorFlow Lite file, no Darknet weights", CONVERT),
    (8, b'{"', "is a safetensors file, no Darknet weights", IMPORT),
    (0, b"GGUF", "is a GGUF file, no Darknet weights", CONVERT),
    (0, b"\x89PNG", "is a PNG image, no weights", IMAGE),
    (0, b"\xff\xd8\xff", "is a JPEG image, no weights", IMAGE),
    (0, b"GIF8", "is a GIF image, no weights", IMAGE),
    (0, b"%PDF", "is a PDF file, no weights", "expected a .weights file"),
    (0, b"\x7fELF", "is a program, no weights", "expected a .weights file"),
    (0, b"[", "is a text file, no weights", "is it the .cfg? the weights come after it"),
)
PICKLE = re.compile(rb"\x80[\x02-\x05]", re.DOTALL)
ONNX = re.compile(rb"\x08[\x01-\x20](\x12.[\x20-\x7e]{2}|\x3a|\x42)", re.DOTALL)  # a ModelProto


@dataclass(frozen=True)
class Problem:
    """What a file is instead of weights, and a hint what to do."""

    text: str
    hint: str = ""


def no_weights(start: bytes, size: int) -> Problem | None:
    """Return what a file is, judged by its first bytes, if it cannot be weights."""
    if size < 16:
        return Problem(
            f"has {count_of(size, 'byte')}: expected a header of 16 or 20", "the download stopped"
        )
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    for place, sign, what, hint in OTHER_FORMATS:
        there = start[place:] if place else text
        if there.startswith(sign) and (len(sign) > 1 or is_text(there)):
            return Problem(what, hint)
    if PICKLE.match(start):
        return Problem("is a Python pickle, no Darknet weights", IMPORT)
    if ONNX.match(start):
        return Problem("is an ONNX file, no Darknet weights", CONVERT)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Problem("is a text file in UTF-16, no weights", "is it the .cfg or a list?")
    if is_text(start):
        return Problem("is a text file, no weights", "is it the .cfg or a list?")
    return None


def is_text(start: bytes) -> bool:
    """Return whether bytes are text; weights are not, since their version has zero bytes.

    Nor are bytes of 255, which no text has.
    """
    return not {0, 255} & {*start} and all(byte >= 32 or byte in b"\t\r\n" for byte in start[:64])


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
    reason = not_a_file(path)
    if reason:
        raise WeightsError(f"Couldn't open file: {path} ({reason}): expected a weights file")
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
