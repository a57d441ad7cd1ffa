"""Suppression is measured on a GPU only."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from conftest import BENCHMARKS

COMMAND = [sys.executable, str(BENCHMARKS / "measure_nms.py"), "--boxes", "500", "--rounds", "7"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_nothing_is_measured():
    done = subprocess.run(COMMAND, capture_output=True, text=True)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "there is no CUDA device: expected one to measure\n"


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_the_kernel_leaves_as_many_as_the_cpu():
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=True)

    counts = {
        line.split(": ")[1].split("  ")[0]: line.rsplit(", ", 1)[1]
        for line in done.stdout.split("\n")
        if ": pydarknet" in line
    }
    assert counts["pydarknet lines"] == counts["pydarknet nms"]
    assert counts["pydarknet nms"] == counts["pydarknet nms on the CPU"]
