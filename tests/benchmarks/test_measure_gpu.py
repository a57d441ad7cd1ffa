"""Networks are measured on a GPU; on request the same runs on the CPU."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch
from conftest import BENCHMARKS, on_cuda

WORDS = ["--batch", "2", "--rounds", "2", "--images", "5", "--burst", ".05", "--burn-in", ".05"]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the script as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import measure_gpu

    return measure_gpu


@pytest.fixture
def measure(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that runs the script in this process."""

    def run(*words: str) -> None:
        monkeypatch.setattr(sys, "argv", ["measure_gpu.py", *words])
        script.main()

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
    assert one["ran"] == "float"
    assert "  floor " in out


@pytest.mark.parametrize(
    ("options", "share"),
    [
        ("size=3\nstride=1\npad=1", 1 / 2.25),
        ("size=3\nstride=2\npad=1", 1),
        ("size=1\nstride=1", 1),
        ("size=3\nstride=1\npad=1\ngroups=3", 1),
    ],
)
def test_winograd_saves_where_filters_are_3_x_3_and_strides_1(script, net, options, share):
    text = f"[convolutional]\nfilters=3\n{options}"
    network = net(text, c=3, h=8, w=8, dialect="alexeyab")

    assert script.winograd_operations(network) == pytest.approx(network.operations() * share)


def test_half_precision_that_overflows_is_told(script, net):
    network = net("[convolutional]\nfilters=3\nsize=1", c=3, h=8, w=8)
    times = {"network": [0.1, 0.1, 0.1]}
    result = {"ran": "float", "seconds": times, "states": [{"clocks.sm": 9}]}

    lines = script.result_lines(result, network, 11520)  # a tenth of a second: 2 * 3 * 3 * 64

    assert lines == [
        "  floor 100.000 ms an image, 100.000 by Winograd; ran float",
        "  network              10.0 images/s (10.0 to 10.0), 100.000 ms: 1.00 floors",
        "  GPU meanwhile: clocks.sm 9 MHz",
    ]


@pytest.mark.cuda
@on_cuda
def test_a_gpu_is_measured_in_both_precisions(measure, capsys):
    measure("--cfg", "yolov3-tiny.cfg", *WORDS)

    out = capsys.readouterr().out
    assert "yolov3-tiny.cfg, half, batch 2" in out
    assert "yolov3-tiny.cfg, float, batch 2" in out
