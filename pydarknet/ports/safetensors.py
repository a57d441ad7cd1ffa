"""Files of the format safetensors: the length of a JSON object, the object, and bytes.

The object says of each array its kind, its shape, and where its bytes begin and end.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from ..errors import WeightsError
from ..system.text import excerpt
from .stored import EXPECTED, Stored, as_floats, name_twice, numbers_in, take

LONGEST: Final = 100_000_000  # bytes of the JSON object, as the format has it
META: Final = "__metadata__"
KINDS: Final = {  # the bytes of a number, and numpy's word for it
    "F64": (8, "<f8"),
    "F32": (4, "<f4"),
    "F16": (2, "<f2"),
    "BF16": (2, "<u2"),
    "F8_E4M3": (1, "u1"),
    "F8_E5M2": (1, "u1"),
    "I64": (8, "<i8"),
    "I32": (4, "<i4"),
    "I16": (2, "<i2"),
    "I8": (1, "i1"),
    "U64": (8, "<u8"),
    "U32": (4, "<u4"),
    "U16": (2, "<u2"),
    "U8": (1, "u1"),
    "BOOL": (1, "u1"),
}


def read_safetensors(file: BinaryIO, path: Path) -> dict[str, Stored]:
    """Return the arrays of a file and their places in it; raise WeightsError if it is damaged."""
    file.seek(0)
    size = os.fstat(file.fileno()).st_size
    length = int.from_bytes(file.read(8), "little")
    if size < 10 or file.read(1) != b"{" or length < 2:
        problem = "is none of the files that can be imported" if size else "is empty"
        raise WeightsError(f"{problem}: {EXPECTED}", where=path)
    if length > min(LONGEST, size - 8):
        problem = f"says that its header has {length} bytes, of {size} in all"
        raise WeightsError(f"{problem}: the download stopped, or {EXPECTED}", where=path)
    file.seek(8)
    header = object_of(take(file, length, path, "its header"), path)
    first = 8 + length
    return {
        name: array_of(name, said, first, size - first, path)
        for name, said in header.items()
        if name != META
    }


def object_of(content: bytes, path: Path) -> dict[str, Any]:
    """Return the JSON object of a header; raise WeightsError for none, or one with a name twice."""

    def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            twice = excerpt(name_twice(name for name, _ in pairs))
            raise WeightsError(f"has {twice} twice in its header", where=path)
        return made

    try:
        header = json.loads(content, object_pairs_hook=once)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise WeightsError(f"its header is no JSON object: {EXPECTED}", where=path)
    return header


def array_of(name: str, said: Any, first: int, room: int, path: Path) -> Stored:
    """Return what a header says of an array, if its bytes are in the file and fit its shape."""
    try:
        kind, shape, (start, end) = said["dtype"], tuple(said["shape"]), said["data_offsets"]
        numbers = (*shape, start, end)
        right = isinstance(kind, str) and all(
            type(number) is int and number >= 0 for number in numbers
        )
    except (KeyError, TypeError, ValueError):
        right = False
    if not right:
        problem = f"says of {excerpt(name)} no dtype, shape and data_offsets"
        raise WeightsError(f"{problem}: {EXPECTED}", where=path)
    if kind not in KINDS:
        raise WeightsError(f"{excerpt(name)} has numbers of kind {excerpt(str(kind))}", where=path)
    wanted = numbers_in(shape) * KINDS[kind][0]
    if end > room:
        problem = f"ends before {excerpt(name)}, whose last byte is {end} of {room}"
        raise WeightsError(problem, where=path, hint="the download stopped early")
    if end - start != wanted:
        problem = f"has {end - start} bytes of {excerpt(name)}, which is {shape} of {kind}"
        raise WeightsError(f"{problem}: expected {wanted}", where=path)
    return Stored(shape, kind, partial(read_one, path, name, first + start, kind, shape))


def read_one(path: Path, name: str, start: int, kind: str, shape: tuple[int, ...]) -> np.ndarray:
    """Read an array as float32. Raises WeightsError for numbers that are no floats."""
    if kind[0] not in "FB" or kind in ("BOOL", "F8_E4M3", "F8_E5M2"):
        raise WeightsError(
            f"{excerpt(name)} has numbers of kind {kind}: expected floats", where=path
        )
    width, word = KINDS[kind]
    with open(path, "rb") as file:
        file.seek(start)
        content = take(file, numbers_in(shape) * width, path, excerpt(name))
    values = np.frombuffer(content, word).reshape(shape)
    if kind == "BF16":  # the upper half of a float
        values = (values.astype(np.uint32) << 16).view(np.float32)
    return as_floats(values, name, kind, path)
