"""What an ONNX file says about itself, read without the onnx package and without its graph.

A model is a protobuf message: fields one after the other, each a key (number and kind) and a value.
The graph, field 7, has nearly all bytes; it is passed over.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ..errors import DataError
from ..system.text import not_a_file

EXPECTED: Final = "an ONNX model"
PRODUCER, PROPERTIES = 2, 14  # fields of ModelProto: the program, and keys with values
VARINT, EIGHT, TEXT, FOUR = 0, 1, 2, 5  # kinds of fields
LONGEST: Final = 1 << 26  # bytes of a field that is read
# The version of the format, then the producer's name, its version, or the graph
BEGINNING: Final = re.compile(rb"\x08[\x01-\x1f][\x12\x1a\x22\x28\x32\x3a\x42]")


@dataclass(frozen=True)
class OnnxProperties:
    """The name of the program that wrote a model, and the keys and values that it gave it."""

    producer: str
    values: dict[str, str]


def begins_onnx(head: bytes) -> bool:
    """Return whether a file that begins with these bytes is an ONNX model."""
    return bool(BEGINNING.match(head))


def is_onnx(path: str | Path) -> bool:
    """Return whether a file is an ONNX model by its first bytes, or calls itself one.

    A pipe is none: to open it would wait for one who writes into it.
    """
    if Path(path).suffix.lower() == ".onnx" and os.path.exists(path):
        return True
    try:
        if not_a_file(path):
            return False
        with open(path, "rb") as file:
            return begins_onnx(file.read(4))
    except (OSError, ValueError):
        return False


def read_properties(path: str | Path) -> OnnxProperties:
    """Read what a model says about itself. Raises DataError for a file that is no model."""
    problem = not_a_file(path)
    if problem:
        raise DataError(f"{problem}: expected {EXPECTED}", where=path)
    try:
        with open(path, "rb") as file:
            if not begins_onnx(file.read(4)):
                raise DataError(f"expected {EXPECTED}", where=path)
            file.seek(0)
            fields = list(read_fields(file, os.fstat(file.fileno()).st_size))
        pairs = [pair_of(value) for number, value in fields if number == PROPERTIES]
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from None
    except ValueError as error:
        raise DataError(f"{error}: expected {EXPECTED}", where=path) from None
    producers = [text_of(value) for number, value in fields if number == PRODUCER]
    return OnnxProperties(producers[-1] if producers else "", dict(pairs))


def read_fields(
    file: BinaryIO,
    size: int,
    wanted: tuple[int, ...] = (PRODUCER, PROPERTIES),
    longest: int = LONGEST,
) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the bytes of each field that is wanted; others are passed over.

    Raises ValueError for what is no protobuf, or ends too early.
    """
    for number, length in spans(file, size):
        if number in wanted and length < longest:
            yield number, file.read(length)


def spans(file: BinaryIO, end: int) -> Iterator[tuple[int, int]]:
    """Yield the number and the length of each field of bytes up to `end`, where the file stands.

    What is not read of it is passed over. Raises ValueError as `read_fields` does.
    """
    while file.tell() < end:
        key = read_varint(file)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            read_varint(file)
            continue
        length = read_varint(file) if kind == TEXT else {EIGHT: 8, FOUR: 4}.get(kind)
        if length is None:
            raise ValueError(f"a field of kind {kind} at byte {file.tell()}")
        after = file.tell() + length
        if after > end:
            raise ValueError(f"it ends after {end} bytes, inside field {number}")
        if kind == TEXT:
            yield number, length
        file.seek(after)


def read_varint(file: BinaryIO) -> int:
    """Read a number in groups of seven bits, the lowest first; bit eight says that more follow."""
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise ValueError("it ends inside a number")
        value |= (byte[0] & 127) << shift
        if byte[0] < 128:
            return value
    raise ValueError(f"a number of more than 64 bits at byte {file.tell()}")


def pair_of(entry: bytes) -> tuple[str, str]:
    """Return the key and the value of a StringStringEntryProto: its fields 1 and 2."""
    found, rest = {1: "", 2: ""}, memoryview(entry)
    while rest:
        key, rest = split_varint(rest)
        length, rest = split_varint(rest)
        found[key >> 3], rest = text_of(bytes(rest[:length])), rest[length:]
    return found[1], found[2]


def split_varint(content: memoryview) -> tuple[int, memoryview]:
    """Return the number at the beginning of bytes, and the bytes after it.

    Raises ValueError for one that does not end within 64 bits.
    """
    value = 0
    for place, byte in enumerate(content[:10]):
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value, content[place + 1 :]
    raise ValueError("a number that does not end")


def text_of(content: bytes) -> str:
    """Return a text, whose bytes are UTF-8."""
    return content.decode("utf-8", "replace")
