"""The measurement of the streams runs, and its readers read."""

from __future__ import annotations

import importlib.util
import re
from types import ModuleType

import pytest
from conftest import BENCHMARKS


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "measure_streams", BENCHMARKS / "measure_streams.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_text_arrives_and_many_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    load().measure(frames=60, width=64, height=48, rate=200)

    told = capsys.readouterr().out
    counts = re.search(r"60 frames in .* s; JSON (\d+), pictures (\d+)", told)
    assert counts
    assert int(counts[1]) >= 55  # the reader may come after the first frames
    assert int(counts[2]) >= 10
    assert told.count("handles") == 10
