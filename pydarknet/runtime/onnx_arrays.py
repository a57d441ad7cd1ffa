"""The files in which an ONNX file says that its arrays are: none outside of its folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from ..errors import DataError
from ..system.text import excerpt
from .onnx_properties import EXPECTED, pair_of, spans

# The numbers of the fields that lead to arrays, and the messages that these fields hold
FIELDS: Final[dict[str, dict[int, str]]] = {
    "model": {7: "graph", 25: "function"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "array", 15: "sparse array"},
    "node": {5: "attribute"},
    "attribute": {
        **{5: "array", 6: "graph", 10: "array", 11: "graph"},
        **{22: "sparse array", 23: "sparse array"},
    },
    "sparse array": {1: "array", 2: "array"},
    "array": {13: "place"},
}
DEEPEST: Final = 100  # messages within each other


def check_arrays(path: Path) -> None:
    """Raise DataError if an ONNX file has arrays in files outside of its folder, or is damaged.

    OpenCV opens them wherever they are; onnxruntime and OpenVINO refuse to. A link leads to where
    its target is. A file that is missing is left to the engine.
    """
    try:
        with open(path, "rb") as file:
            places = set(array_files(file, os.fstat(file.fileno()).st_size))
    except OSError:
        return
    except ValueError as error:
        raise DataError(f"{error}: expected {EXPECTED}", where=path) from None
    folder = path.resolve().parent
    for place in sorted(places):
        if "\0" in place or not (folder / place).resolve().is_relative_to(folder):
            problem = f"has arrays in {excerpt(place)}: expected a file of its folder"
            raise DataError(problem, where=path)


def array_files(
    file: BinaryIO, end: int, kind: str = "model", depth: int = DEEPEST
) -> Iterator[str]:
    """Yield the place of each array that is in another file. Raises ValueError for no protobuf.

    The file stands at the beginning of a message of a kind, which ends at `end`.
    """
    if not depth:
        raise ValueError("its graphs are in each other without end")
    for number, length in spans(file, end):
        inner = FIELDS[kind].get(number)
        if inner == "place":
            key, value = pair_of(file.read(length))
            if key == "location":
                yield value
        elif inner:
            yield from array_files(file, file.tell() + length, inner, depth - 1)
