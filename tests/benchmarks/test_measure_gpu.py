"""Networks are measured on a GPU; on request the same runs on the CPU."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from conftest import BENCHMARKS, on_cuda

WORDS = ["--batch", "2", "--rounds", "2", "--images", "5"]


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that runs the script in this process."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import measure_gpu

    def run(*words: str) -> None:
        monkeypatch.setattr(sys, "argv", ["measure_gpu.py", *words])
        measure_gpu.main()

    return run


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_nothing_is_measured(measure, capsys):
    with pytest.raises(SystemExit, match=r"^there is no CUDA device: expected one to measure$"):
        measure()  # and the status is 1, as of every text

    assert capsys.readouterr() == ("", "")


def test_every_workload_is_measured_and_printed(measure, tmp_path: Path, capsys):
    file = tmp_path / "rates.json"

    measure("--device", "cpu", "--cfg", "digits.cfg", *WORDS, "--json", str(file))

    out = capsys.readouterr().out
    for workload in ("network", "pixels to boxes", "files to boxes"):
        assert f"  {workload} " in out
    [one] = json.loads(file.read_text())
    assert (one["cfg"], one["precision"], one["batch"]) == ("digits.cfg", "float", 2)
    assert {len(times) for times in one["seconds"].values()} == {2}


@pytest.mark.cuda
@on_cuda
def test_a_gpu_is_measured_in_both_precisions(measure, capsys):
    measure("--cfg", "yolov3-tiny.cfg", *WORDS)

    out = capsys.readouterr().out
    assert "yolov3-tiny.cfg, half, batch 2" in out
    assert "yolov3-tiny.cfg, float, batch 2" in out
