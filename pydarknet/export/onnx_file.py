"""A model as a file: written, checked, and only then under its name."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..system.files import write_errors

LARGEST = (1 << 31) - (1 << 20)  # bytes of a file without external data, as protobuf allows
EXTERNAL = 1024  # bytes of an array that is worth a place outside


def save_model(model: Any, path: Path, check: Callable[[Path], None]) -> None:
    """Write a model beside its place, check it there, and move it to its place.

    A file that fails the check is not left behind, and one that was there before stays. From 2 GB
    on the arrays are in a second file, `NAME.data`. Raises DataError if it cannot be written.
    """
    with write_errors(path):
        made = TemporaryDirectory(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    with made as folder:
        new = Path(folder, path.name)
        with write_errors(path):
            write_model(model, new)
        check(new)
        with write_errors(path):
            for made_file in sorted(Path(folder).iterdir(), reverse=True):  # the arrays first
                os.replace(made_file, path.parent / made_file.name)


def write_model(model: Any, path: Path) -> None:
    """Write a model as a file, and large arrays beside it: then the model has them no more."""
    import onnx

    if array_bytes(model) < LARGEST:
        path.write_bytes(model.SerializeToString())
        return
    onnx.save_model(
        model,
        path,
        save_as_external_data=True,
        location=f"{path.name}.data",
        size_threshold=EXTERNAL,
    )


def array_bytes(model: Any) -> int:
    """Return the bytes of a model's arrays, without writing it as `ByteSize` does."""
    import onnx

    return sum(
        math.prod(held.dims) * onnx.helper.tensor_dtype_to_np_dtype(held.data_type).itemsize
        for held in model.graph.initializer
    )
