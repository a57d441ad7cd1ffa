"""OpenVINO, which runs ONNX files on a CPU: here in float32, as every other engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def compile_float32(model: bytes | Path, threads: int) -> Any:
    """Return a model that OpenVINO compiled for so many threads; of 0 it takes as many as it likes.

    Left alone it computes in bfloat16 or float16 on processors that have it, which moves boxes.
    Raises ImportError without OpenVINO, RuntimeError for a model that it cannot read.
    """
    import openvino

    hints: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    if threads:
        hints["INFERENCE_NUM_THREADS"] = threads
    core = openvino.Core()
    return core.compile_model(core.read_model(model), "CPU", hints)
