"""Suppression is measured on a GPU only."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
import torch
from conftest import BENCHMARKS, on_cuda
from posing_torch import posing_gpus


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return a function that runs the script in this process."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import measure_nms

    monkeypatch.setattr(sys, "argv", ["measure_nms.py", "--boxes", "500", "--rounds", "7"])
    return measure_nms.main


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_nothing_is_measured(measure, capsys):
    with pytest.raises(SystemExit, match=r"^there is no CUDA device: expected one to measure$"):
        measure()  # and the status is 1, as of every text

    assert capsys.readouterr() == ("", "")


@pytest.mark.cuda
@on_cuda
def test_the_kernel_leaves_as_many_as_the_cpu(measure, capsys):
    measure()

    assert_same_counts(capsys.readouterr().out)


def test_on_a_posing_gpu_as_many_are_left(measure, monkeypatch, capsys):
    monkeypatch.setattr(sys.modules["measure_nms"], "BURST", 0.01)

    with posing_gpus():
        measure()

    assert_same_counts(capsys.readouterr().out)


def assert_same_counts(out: str) -> None:
    """Assert that the kernel alone, the suppression, and that of the CPU leave as many boxes."""
    counts = {
        line.split(": ")[1].split("  ")[0]: line.rsplit(", ", 1)[1]
        for line in out.split("\n")
        if ": pydarknet" in line
    }
    assert counts["pydarknet lines"] == counts["pydarknet nms"]
    assert counts["pydarknet nms"] == counts["pydarknet nms on the CPU"]
