"""The files in which an ONNX file says that its arrays are: none outside of its folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from ..errors import DataError
from ..system.text import excerpt
from .onnx_properties import pair_of, spans

GRAPH: Final = 7  # field of ModelProto
INITIALIZER: Final = 5  # field of GraphProto
EXTERNAL_DATA: Final = 13  # field of TensorProto: keys with values


def check_arrays(path: Path) -> None:
    """Raise DataError if an ONNX file has arrays in files outside of its folder.

    OpenCV opens them wherever they are; onnxruntime and OpenVINO refuse to. What is no ONNX file is
    left to them. A link leads to where its target is.
    """
    try:
        with open(path, "rb") as file:
            places = set(array_files(file, os.fstat(file.fileno()).st_size))
    except (OSError, ValueError):
        return
    folder = path.resolve().parent
    for place in sorted(places):
        if "\0" in place or not (folder / place).resolve().is_relative_to(folder):
            problem = f"has arrays in {excerpt(place)}: expected a file of its folder"
            raise DataError(problem, where=path)


def array_files(file: BinaryIO, size: int) -> Iterator[str]:
    """Yield the place of each array that is in another file. Raises ValueError for no protobuf."""
    for graph in ends(file, size, GRAPH):
        for array in ends(file, graph, INITIALIZER):
            for number, length in spans(file, array):
                if number == EXTERNAL_DATA:
                    key, value = pair_of(file.read(length))
                    if key == "location":
                        yield value


def ends(file: BinaryIO, end: int, wanted: int) -> Iterator[int]:
    """Yield the end of each field of a number, where the file stands at its beginning."""
    for number, length in spans(file, end):
        if number == wanted:
            yield file.tell() + length
