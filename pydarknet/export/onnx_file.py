"""A model as a file: written, checked, and only then under its name."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import UsageError
from ..system.files import check_writable, is_no_plain_file, write_errors
from ..system.inputs import check_output
from ..system.text import without_bytes

LARGEST = (1 << 31) - (1 << 20)  # bytes of a file without external data, as protobuf allows
ENDING = ".onnx"
EXTERNAL = 1024  # bytes of an array that is worth a place outside


def check_place(path: Path) -> None:
    """Raise DarknetError if no ONNX file can be written to a path: before the work."""
    if path.suffix.lower() != ENDING:
        problem = f"{path} is no name of an ONNX file: expected one that ends in {ENDING}"
        raise UsageError(problem)
    if str(path) != without_bytes(str(path)) or "\0" in str(path):
        raise UsageError(f"{path}: expected a name in UTF-8, which onnx can open")
    check_output(path)
    check_output(arrays_of(path))
    if is_no_plain_file(path) and not path.is_dir():
        raise UsageError(f"{path} is a device or a pipe: expected a file")
    with write_errors(path):
        check_writable(path)


def arrays_of(path: Path) -> Path:
    """Return the file beside an ONNX file that holds the arrays of a large one."""
    return path.with_name(f"{path.name}.data")


def save_model(model: Any, path: Path, check: Callable[[Path], None]) -> None:
    """Write a model beside its place, check it there, and move it to its place.

    A file that fails the check is not left behind, and one that was there before stays. From 2 GB
    on the arrays are in a second file, `NAME.data`. A link stays, and its target is replaced.
    Raises DarknetError if it cannot be written.
    """
    check_place(path)
    target = Path(os.path.realpath(path))
    with write_errors(path):
        made = TemporaryDirectory(prefix=".pydarknet.", suffix=".tmp", dir=target.parent)
    with made as folder:
        new = Path(folder, target.name)
        with write_errors(path):
            write_model(model, new)
        check(new)
        with write_errors(path):
            for made_file in sorted(Path(folder).iterdir(), reverse=True):  # the arrays first
                os.replace(made_file, target.parent / made_file.name)


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
        location=arrays_of(path).name,
        size_threshold=EXTERNAL,
    )
    os.chmod(arrays_of(path), path.stat().st_mode)  # onnx writes them for their owner alone


def array_bytes(model: Any) -> int:
    """Return the bytes of a model's arrays, without writing it as `ByteSize` does."""
    import onnx

    return sum(
        math.prod(held.dims) * onnx.helper.tensor_dtype_to_np_dtype(held.data_type).itemsize
        for held in model.graph.initializer
    )
