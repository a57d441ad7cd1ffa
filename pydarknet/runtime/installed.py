"""Which engines are installed, and their import; neither needs numpy before it is asked for."""

from __future__ import annotations

import os
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

ONNXRUNTIME: Final = "onnxruntime"
OPENCV: Final = "opencv"
OPENVINO: Final = "openvino"
AUTO: Final = "auto"  # the fastest that is installed; of exported files, the best


def import_onnxruntime() -> Any:
    """Import onnxruntime so that it reports its use to nobody, unless the user lets it.

    Releases such as 1.31 else report it to Microsoft, on Linux too, and keep a data base for that
    in the user's cache folder. They look at the variable while they are imported.

    onnxruntime: core/platform/telemetry_1ds.cc
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def import_engine(name: str) -> None:
    """Import the package of an engine, if it is installed, before it is needed."""
    with suppress(ImportError):
        if name == ONNXRUNTIME:
            import_onnxruntime()
        else:
            import_module("cv2")


def best_engine() -> str:
    """Return the name of the engine that is taken unless another is asked for."""
    return ONNXRUNTIME if find_spec("onnxruntime") else OPENCV
