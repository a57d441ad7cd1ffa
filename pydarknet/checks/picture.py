"""What is known of an image file without its pixels: size, EXIF turn, whether it is whole."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import Final

import cv2

from ..errors import DataError
from ..image.containers import JPEG, PNG
from ..image.decode import checked_size, grey, known_format
from ..image.exif import orientation_of
from ..image.files import HEAD, Remark, file_bytes, image_of_content
from ..system.c_stderr import take_warnings
from ..system.text import not_a_file

TAIL: Final = 12  # bytes
SMALL: Final = (16, 16)
ENDS: Final = {JPEG: b"\xff\xd9", PNG: b"IEND\xaeB`\x82"}
SIDEWAYS: Final = 5  # the first EXIF orientation that exchanges width and height


@dataclass(frozen=True)
class Picture:
    """An image file: width and height as training sees them, its EXIF orientation, its bytes.

    `problem` says why it cannot be read, `doubt` what its decoder warns of. If it was decoded,
    `pixels` is a digest of what it shows, and `grey` the same as 16 x 16 bytes.
    """

    size: tuple[int, int] = (0, 0)
    orientation: int = 1
    length: int = 0
    problem: str = ""
    doubt: str = ""
    pixels: bytes = b""
    grey: bytes = b""

    @property
    def readable(self) -> bool:
        """Whether training can use it, as far as is known."""
        return not self.problem


def picture_of(path: str, exif: bool = True, decode: bool = False) -> Picture:
    """Return what is known of an image file; `decode` reads its pixels too.

    Of a file that seems to be whole, only the beginning and the end are read.
    """
    try:
        head, tail, length = ends_of(path)
        if decode or not is_whole(head, tail):
            return decoded_picture(path, exif)
        size, orientation = checked_size(known_format(head), head), orientation_of(head)
    except (DataError, OSError, ValueError):  # a long header, as with a preview; a NUL in the name
        return decoded_picture(path, exif)
    return Picture(shown_size(size, orientation, exif), orientation, length)


def ends_of(path: str) -> tuple[bytes, bytes, int]:
    """Return the first and the last bytes of a file, and its length.

    Raises DataError for what is no file: reading a pipe would wait.
    """
    if reason := not_a_file(path):
        raise DataError(reason)
    with open(path, "rb", buffering=0) as file:
        length, head = os.fstat(file.fileno()).st_size, file.read(HEAD)
        if length <= len(head):
            return head, head[-TAIL:], length
        file.seek(-TAIL, os.SEEK_END)
        return head, file.read(TAIL), length


def is_whole(head: bytes, tail: bytes) -> bool:
    """Return whether a file of a format that marks its end has that end."""
    end = next((end for begin, end in ENDS.items() if head.startswith(begin)), b"")
    return end in tail


def decoded_picture(path: str, exif: bool) -> Picture:
    """Return what is known of an image file whose pixels are read."""
    remarks: list[Remark] = []
    try:
        content = file_bytes(path)
        with take_warnings() as warnings:
            image = image_of_content(content, path, 3, exif, remarks.append)
    except DataError as error:
        return Picture(problem=error.problem.removeprefix(f'Cannot load image "{path}": '))
    doubts = [*warnings, *(one.text for one in remarks if one.kind != "exif")]
    size, orientation = (image.shape[1], image.shape[0]), orientation_of(content)
    doubt = doubts[0].removeprefix(f"{path} ") if doubts else ""
    pixels = hashlib.blake2b(image.tobytes()).digest()
    small = grey(cv2.resize(image, SMALL, interpolation=cv2.INTER_AREA)).tobytes()
    return Picture(size, orientation, len(content), "", doubt, pixels, small)


def shown_size(size: tuple[int, int], orientation: int, exif: bool) -> tuple[int, int]:
    """Return width and height as an EXIF orientation makes them."""
    return size[::-1] if exif and orientation >= SIDEWAYS else size
