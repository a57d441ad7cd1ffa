"""OpenVINO in float32."""

from __future__ import annotations

import sys
from types import SimpleNamespace

from pydarknet.runtime.open_vino import compile_float32


class Core:
    """OpenVINO, which gives back what it is given."""

    def read_model(self, model):
        return model

    def compile_model(self, *given):
        return given


def test_it_computes_in_float32_by_as_many_threads_as_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", SimpleNamespace(Core=Core))

    model, device, hints = compile_float32(b"model", 3)

    assert (model, device) == (b"model", "CPU")
    assert hints["INFERENCE_PRECISION_HINT"] == "f32"
    assert hints["INFERENCE_NUM_THREADS"] == 3
    assert "INFERENCE_NUM_THREADS" not in compile_float32(b"model", 0)[2]
