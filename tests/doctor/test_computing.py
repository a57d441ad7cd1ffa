from __future__ import annotations

import pytest

from pydarknet.doctor import computing
from pydarknet.doctor.computing import (
    look_at_gpus,
    look_at_memory,
    look_at_processor,
    look_at_torch,
)
from pydarknet.doctor.finding import BAD, GOOD, MORE
from pydarknet.doctor.probe import Answer
from pydarknet.system import processor

TORCH = {
    "version": "2.13.0",
    "cuda": "13.0",
    "instructions": "AVX2",
    "mkldnn": True,
    "threads": 4,
    "apple": False,
    "gpus": [],
    "no_gpu": "Found no NVIDIA driver",
    "trial": {"boxes": 6, "seconds": 0.01, "on": "cpu"},
}
GPU = {"name": "H200", "arch": "sm_90", "memory": 141 << 30, "kernel": ""}


def torch(**changes: object) -> Answer:
    """Return what torch says of itself, with changes."""
    return Answer({**TORCH, **changes})


def test_a_torch_that_finds_all_digits_is_good() -> None:
    works, trial = look_at_torch(torch())

    assert (works.state, works.text) == (GOOD, "2.13.0, AVX2, 4 threads")
    assert (trial.state, trial.thing) == (GOOD, "trial")


def test_wrong_numbers_are_bad() -> None:
    _, trial = look_at_torch(torch(trial={"boxes": 4, "seconds": 0.01, "on": "cuda"}))

    assert (trial.state, trial.text) == (BAD, "4 of 6 digits are found: wrong numbers")


def test_an_installation_without_its_model_is_bad() -> None:
    _, trial = look_at_torch(torch(trial={"problem": "the built-in model is not here"}))

    assert (trial.state, trial.text) == (BAD, "the built-in model is not here")


@pytest.mark.parametrize(
    ("problem", "text", "mend"),
    [
        (
            "ModuleNotFoundError: No module named 'torch'",
            "is not installed; without it only exported .onnx files run",
            "pip install torch",
        ),
        ("crashes (SIGILL)", "crashes (SIGILL)", "pip install --force-reinstall torch"),
    ],
)
def test_without_torch_the_main_job_is_not_done(problem: str, text: str, mend: str) -> None:
    [found] = look_at_torch(Answer({}, problem))

    assert (found.state, found.text, found.mend) == (BAD, text, mend)
    assert list(look_at_gpus(Answer({}, problem))) == []


def test_an_old_torch_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing, "too_old", lambda name, version: version == "1.13")

    [found] = look_at_torch(torch(version="1.13"))

    assert (found.state, found.mend) == (BAD, "pip install -U torch")


def test_a_gpu_and_its_kernel_are_told() -> None:
    gpu, kernel = look_at_gpus(torch(gpus=[GPU]))

    assert gpu.text.startswith("H200, sm_90, 141.0 GiB, CUDA 13.0")
    assert (kernel.state, kernel.text) == (GOOD, "suppression's kernel is compiled for sm_90")


def test_a_gpu_without_a_kernel_is_told_why() -> None:
    _, kernel = look_at_gpus(torch(gpus=[{**GPU, "kernel": "No module named 'cuda'"}]))

    assert kernel.state == MORE
    assert kernel.text == "suppression has no kernel, the CPU does it: No module named 'cuda'"
    assert kernel.mend


@pytest.mark.parametrize(
    ("there", "said", "state", "text"),
    [
        ([], {}, GOOD, "none: the CPU computes"),
        ([], {"apple": True}, GOOD, "Apple's, by MPS"),
        (["/dev/nvidia0"], {"cuda": ""}, MORE, "but this torch is built without CUDA"),
        (["/dev/nvidia0"], {}, MORE, "but torch cannot use it: Found no NVIDIA driver"),
    ],
)
def test_without_a_gpu_the_reason_is_told(monkeypatch, tmp_path, there, said, state, text) -> None:
    monkeypatch.setattr(computing, "GPUS", tuple(there))
    monkeypatch.setattr(computing.os.path, "exists", lambda path: path in there)
    monkeypatch.setattr(computing, "DRIVER", tmp_path / "none")

    [found] = look_at_gpus(torch(**said))

    assert (found.state, found.text[-len(text) :]) == (state, text)


def test_the_driver_is_named(monkeypatch, tmp_path) -> None:
    text = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Thu Jan 23\n"
    (tmp_path / "version").write_text(text)
    monkeypatch.setattr(computing, "DRIVER", tmp_path / "version")

    assert computing.driver() == ", driver 570.86.15"


def test_a_processor_without_avx2_is_told(monkeypatch, tmp_path) -> None:
    (tmp_path / "cpuinfo").write_text("model name\t: Atom\nflags\t: sse\n")
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(computing.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(computing, "usable_cores", lambda: 2)
    monkeypatch.setattr(computing.os, "cpu_count", lambda: 8)

    [found] = look_at_processor()

    assert found.state == MORE
    assert found.text == "Atom, 2 of 8 cores: without AVX2 computing takes much longer"


def test_little_memory_is_told(monkeypatch) -> None:
    monkeypatch.setattr(computing, "usable_memory", lambda: 1 << 29)

    [found] = look_at_memory()

    assert found.state == MORE
    assert found.text.startswith("512.0 MiB, ")
