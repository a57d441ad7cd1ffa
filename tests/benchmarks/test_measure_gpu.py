"""Networks are measured on a GPU; on request the same runs on the CPU."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import BENCHMARKS, on_cuda

WORDS = ["--batch", "2", "--rounds", "2", "--images", "5"]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the script."""
    command = [sys.executable, str(BENCHMARKS / "measure_gpu.py"), *words]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_nothing_is_measured():
    done = run()

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "there is no CUDA device: expected one to measure\n"


def test_every_workload_is_measured_and_printed(tmp_path: Path):
    file = tmp_path / "rates.json"

    done = run("--device", "cpu", "--cfg", "digits.cfg", *WORDS, "--json", str(file))

    assert done.returncode == 0, done.stderr
    for workload in ("network", "pixels to boxes", "files to boxes"):
        assert f"  {workload} " in done.stdout
    [one] = json.loads(file.read_text())
    assert (one["cfg"], one["precision"], one["batch"]) == ("digits.cfg", "float", 2)
    assert {len(times) for times in one["seconds"].values()} == {2}


@pytest.mark.cuda
@on_cuda
def test_a_gpu_is_measured_in_both_precisions():
    done = run("--cfg", "yolov3-tiny.cfg", *WORDS)

    assert done.returncode == 0, done.stderr
    assert "yolov3-tiny.cfg, half, batch 2" in done.stdout
    assert "yolov3-tiny.cfg, float, batch 2" in done.stdout
