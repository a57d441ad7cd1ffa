"""Work on a GPU is timed by its own clock, and its state is told; here by stand-ins."""

from __future__ import annotations

import contextlib
import sys
from types import SimpleNamespace

import pytest
import torch
from conftest import BENCHMARKS

CUDA, CPU = torch.device("cuda"), torch.device("cpu")


@pytest.fixture
def bursts(monkeypatch):
    """Return the module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import gpu_bursts

    return gpu_bursts


@pytest.fixture
def smi(tmp_path, monkeypatch):
    """Return a function after which nvidia-smi says a line."""
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda index: SimpleNamespace(uuid="12-34")
    )

    def says(line: str) -> None:
        program = tmp_path / "nvidia-smi"
        program.write_text(
            f"#!{sys.executable}\nimport sys\nprint({line!r} * ('GPU-12-34' in sys.argv))"
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

    return says


@pytest.fixture
def _events(monkeypatch):
    """Let torch.cuda have events, 600 ms apart."""
    event = SimpleNamespace(
        record=lambda: None, synchronize=lambda: None, elapsed_time=lambda end: 600.0
    )
    monkeypatch.setattr(torch.cuda, "Event", lambda enable_timing: event)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
    monkeypatch.setattr(torch.cuda, "device", lambda device: contextlib.nullcontext())


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in of nvidia-smi is a script")
def test_the_state_of_a_gpu_is_what_nvidia_smi_says(bursts, smi):
    smi("1980, 2010, 350.50, 700.00, [N/A]")

    state = bursts.gpu_state(CUDA)

    assert state == {
        "clocks.sm": 1980,
        "clocks.max.sm": 2010,
        "power.draw": 350.5,
        "power.limit": 700,
    }
    assert bursts.state_text(state) == (
        "clocks.sm 1980 MHz, clocks.max.sm 2010 MHz, power.draw 350.5 W, power.limit 700 W"
    )


@pytest.mark.usefixtures("smi")
def test_without_nvidia_smi_no_state_is_known(bursts, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))

    assert bursts.gpu_state(CUDA) == {}


@pytest.mark.usefixtures("_events")
def test_events_time_a_gpu(bursts, monkeypatch):
    monkeypatch.setattr(bursts, "gpu_state", lambda device: {"clocks.sm": 1.0})

    seconds, state = bursts.event_seconds(lambda: 2, CUDA, 3)

    assert seconds == pytest.approx(0.1)  # 600 ms for 3 times 2 images
    assert state == {"clocks.sm": 1.0}


def test_a_burst_is_long_enough(bursts, monkeypatch):
    clock = iter([0.0, 0.02])
    monkeypatch.setattr(bursts.time, "perf_counter", lambda: next(clock))

    assert bursts.times_in_burst(lambda: 1, CPU, 0.3) == 15  # times 20 ms


def test_a_burn_in_lasts(bursts, monkeypatch):
    clock, done = iter([0.0, 0.5, 1.0, 1.5, 2.0]), []
    monkeypatch.setattr(bursts.time, "perf_counter", lambda: next(clock))

    bursts.burn_in(lambda: done.append(1), CPU, 2)

    assert len(done) == 3
