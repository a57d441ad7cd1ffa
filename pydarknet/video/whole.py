"""Whether the file of a film is all there, by the lengths that its container tells."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import BinaryIO, Final

MOVIE: Final = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")  # how an .mp4 or .mov begins
EBML: Final = b"\x1a\x45\xdf\xa3"
UNKNOWN: Final = 0  # a length that is not told


def is_whole(path: str, *, finished: bool = False) -> bool:
    """Return whether nothing is missing at the end of a film's file; False if it is none.

    Formats that tell no length are whole: .mp4 and its like, .avi and .mkv do. Where these leave a
    length open, the film was written while it was sent, or, if it should be `finished`, is not.
    """
    try:
        with open(path, "rb") as file:
            begin = file.read(12)
            step = step_of(begin)
            return step is None or reaches_end(file, step, finished)
    except (OSError, ValueError):
        return False


Step = Callable[[BinaryIO], int | None]


def step_of(begin: bytes) -> Step | None:
    """Return what reads the length of a piece in files that begin so; None: it is not told."""
    if begin[4:8] in MOVIE:
        return box_length
    if begin[:4] == b"RIFF" and begin[8:] == b"AVI ":
        return chunk_length
    return element_length if begin.startswith(EBML) else None


def reaches_end(file: BinaryIO, step: Step, finished: bool) -> bool:
    """Return whether a file has all bytes of its pieces, whose lengths are told if `finished`."""
    size = file.seek(0, os.SEEK_END)
    at = 0
    while at < size:
        file.seek(at)
        length = step(file)
        if length == UNKNOWN:
            return not finished
        if length is None or at + length > size:
            return False
        at += length
    return True


def box_length(file: BinaryIO) -> int | None:
    """Return the length of a box of an .mp4, with its head; None if it ends in its head."""
    head = file.read(16)
    length = int.from_bytes(head[:4], "big")
    if length == 1:
        return max(int.from_bytes(head[8:], "big"), 16) if len(head) == 16 else None
    return max(length, 8 if length else UNKNOWN) if len(head) >= 8 else None


def chunk_length(file: BinaryIO) -> int | None:
    """Return the length of a chunk of an .avi, with its head; None if it ends in its head."""
    head = file.read(8)
    length = int.from_bytes(head[4:], "little")
    return 8 + length + length % 2 if len(head) == 8 else None


def element_length(file: BinaryIO) -> int | None:
    """Return the length of an element of an .mkv, with its head; None if it ends in its head."""
    name = first_bits(file)
    head = first_bits(file)
    if name is None or head is None:
        return None
    length, most, count = head
    return UNKNOWN if length == most else name[2] + count + length


def first_bits(file: BinaryIO) -> tuple[int, int, int] | None:
    """Return a number of an .mkv, the largest of as many bytes, and how many these are."""
    begin = file.read(1)
    if not begin or not begin[0]:
        return None
    count = 9 - begin[0].bit_length()
    rest = file.read(count - 1)
    most = (1 << 7 * count) - 1
    number = int.from_bytes(begin + rest, "big") & most
    return (number, most, count) if len(rest) == count - 1 else None
