"""What runs an ONNX file: onnxruntime where it is installed, else OpenCV's dnn module."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from ..errors import DataError, UsageError
from ..system.paths import is_utf8
from .installed import AUTO, ONNXRUNTIME, OPENCV, OPENVINO, best_engine, import_onnxruntime
from .onnx_arrays import check_arrays
from .open_vino import compile_float32

OUTSIDE: Final = 1024  # bytes of an array that is worth a place outside of a file
TYPES: Final[dict[str, type[np.generic]]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
}


class CannotRun(DataError):
    """A file that an engine does not run; another may."""


@dataclass(frozen=True)
class Input:
    """An input of a file. A size that the program chooses is None, or one that is not told."""

    name: str
    shape: tuple[int | None, ...]
    dtype: type[np.generic] = np.float32


class Engine(Protocol):
    """A loaded file; `name` is the program that runs it."""

    name: str
    inputs: Sequence[Input]
    outputs: Sequence[str]
    metadata: Mapping[str, str]

    def run(self, inputs: Mapping[str, np.ndarray], outputs: Sequence[str]) -> list[np.ndarray]:
        """Return the outputs of these names, in their order."""


class OnnxRuntime:
    """A file that onnxruntime runs on a CPU; of 0 threads it takes as many as there are cores.

    A file that is `ready` was optimised for this processor: it is run as it stands, and takes
    memory only as it needs some.
    """

    name = ONNXRUNTIME

    def __init__(self, path: Path, threads: int = 0, *, ready: bool = False) -> None:
        onnxruntime = import_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        if ready:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
            options.enable_cpu_mem_arena = False
        self.session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
        self.inputs: Sequence[Input] = [
            Input(one.name, tuple(map(fixed_size, one.shape)), TYPES.get(one.type, np.float32))
            for one in self.session.get_inputs()
        ]
        self.outputs: Sequence[str] = [one.name for one in self.session.get_outputs()]
        self.metadata: Mapping[str, str] = self.session.get_modelmeta().custom_metadata_map

    def run(self, inputs: Mapping[str, np.ndarray], outputs: Sequence[str]) -> list[np.ndarray]:
        found: list[np.ndarray] = self.session.run(list(outputs), dict(inputs))
        return found


def fixed_size(size: int | str | None) -> int | None:
    """Return a size of an input that a file fixes; None for the name of another."""
    return size if isinstance(size, int) and size > 0 else None


class OpenCV:
    """A file that OpenCV's dnn module runs. It tells neither the inputs' sizes nor the metadata."""

    name = "OpenCV"

    def __init__(self, path: Path, threads: int = 0, *, ready: bool = False) -> None:
        import cv2

        if threads:
            cv2.setNumThreads(threads)
        if not is_utf8(path):
            raise DataError("OpenCV reads no file whose name is not UTF-8", where=path)
        self.net = cv2.dnn.readNetFromONNX(os.fspath(path))
        self.inputs: Sequence[Input] = [Input("", (None, None, None, None))]
        self.outputs: Sequence[str] = list(self.net.getUnconnectedOutLayersNames())
        self.metadata: Mapping[str, str] = {}

    def run(self, inputs: Mapping[str, np.ndarray], outputs: Sequence[str]) -> list[np.ndarray]:
        for name, values in inputs.items():
            self.net.setInput(np.ascontiguousarray(values), name)
        empty = np.empty(0, np.float32)  # which OpenCV gives as None
        return [empty if found is None else found for found in self.net.forward(list(outputs))]


class OpenVINO:
    """A file that OpenVINO runs in float32. Its metadata stand in the file alone."""

    name = "OpenVINO"

    def __init__(self, path: Path, threads: int = 0, *, ready: bool = False) -> None:
        compiled = compile_float32(path, threads)
        self.request = compiled.create_infer_request()
        self.places = {name: place for place in compiled.outputs for name in place.get_names()}
        self.inputs: Sequence[Input] = [
            Input(
                one.get_any_name(),
                tuple(size.get_length() if size.is_static else None for size in one.partial_shape),
                one.element_type.to_dtype().type,
            )
            for one in compiled.inputs
        ]
        self.outputs: Sequence[str] = [place.get_any_name() for place in compiled.outputs]
        self.metadata: Mapping[str, str] = {}

    def run(self, inputs: Mapping[str, np.ndarray], outputs: Sequence[str]) -> list[np.ndarray]:
        found = self.request.infer(dict(inputs))
        return [found[self.places[name]] for name in outputs]


ENGINES: Final[dict[str, Callable[..., Engine]]] = {
    ONNXRUNTIME: OnnxRuntime,
    OPENCV: OpenCV,
    OPENVINO: OpenVINO,
}


def open_engine(
    path: str | Path, name: str | None = None, threads: int = 0, *, ready: bool = False
) -> Engine:
    """Return a file loaded by an engine, by default the best that is installed.

    A file that is `ready` is one that `write_ready` wrote for this engine.

    Raises UsageError for an unknown engine, DataError for a file that it cannot run.
    """
    chosen = best_engine() if name in (None, AUTO) else name
    if chosen not in ENGINES:
        raise UsageError(f"engine {chosen}: expected {' or '.join(ENGINES)}")
    if not ready:
        check_arrays(Path(path))
    try:
        return ENGINES[chosen](Path(path), threads, ready=ready)
    except ImportError:
        raise UsageError(f"engine {chosen}: it is not installed") from None
    except Exception as error:  # neither program's errors have a base class of their own
        raise DataError(f"{chosen} cannot read it: {one_line(error)}", where=path) from None


def run_engine(
    engine: Engine,
    inputs: Mapping[str, np.ndarray],
    outputs: Sequence[str],
    where: str | Path = "",
) -> list[np.ndarray]:
    """Return the outputs of an engine's file, whose path is `where`.

    Raises CannotRun if it does not run the file.
    """
    try:
        return engine.run(inputs, outputs)
    except MemoryError:
        raise
    except Exception as error:  # neither program's errors have a base class of their own
        problem = f"{engine.name} cannot run it: {one_line(error)}"
        raise CannotRun(problem, where=where) from None


def one_line(error: Exception) -> str:
    """Return what an error says, in one line."""
    return " ".join(str(error).split())[:300] or type(error).__name__


def write_ready(model: bytes, engine: str, path: Path, arrays: str) -> None:
    """Write a model as the file that an engine loads fastest, with `arrays` beside it or inside.

    onnxruntime optimises it for this processor; OpenCV takes it as it is. Raises OSError, and
    DataError if the engine cannot read it.
    """
    if engine != OnnxRuntime.name:
        path.write_bytes(model)
        return
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what fails is raised, and need not be printed too
    options.optimized_model_filepath = os.fspath(path)
    for key, value in (("file_name", arrays), ("min_size_in_bytes", str(OUTSIDE))):
        options.add_session_config_entry(
            f"session.optimized_model_external_initializers_{key}", value
        )
    try:
        onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
    except Exception as error:  # its errors have no base class of their own
        raise DataError(f"{engine} cannot read it: {one_line(error)}", where=path) from None
