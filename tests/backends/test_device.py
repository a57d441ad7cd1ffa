"""A device that cannot be used is told in one line, with the mend."""

from __future__ import annotations

import warnings

import pytest
import torch

from pydarknet.backends.device import best_device, device_named, missing_gpu
from pydarknet.errors import UsageError

NO_DRIVER = "Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU"
OLD_DRIVER = "The NVIDIA driver on your system is too old (found version 11040). Please update"
WITHOUT = "-nogpu, or device='cpu' in Python, computes without it"


@pytest.fixture
def refuse(monkeypatch):
    """Return a function after which torch refuses to use a GPU with an error."""

    def refused(error: Exception) -> None:
        real = torch.empty

        def empty(*size: int, device: torch.device | str | None = None) -> torch.Tensor:
            if device is not None and torch.device(device).type != "cpu":
                raise error
            return real(*size, device=device)

        monkeypatch.setattr(torch, "empty", empty)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    return refused


def told_of(device: str) -> str:
    """Return what is said of a device that cannot be used."""
    with pytest.raises(UsageError) as caught:
        device_named(device)
    return str(caught.value)


@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_a_torch_without_cuda_is_told(refuse, device):
    refuse(AssertionError("Torch not compiled with CUDA enabled"))

    assert told_of(device) == (
        f"device {device}: this torch is built without CUDA\n"
        f"    hint: https://pytorch.org/get-started/locally says what to install; {WITHOUT}"
    )


def test_a_missing_driver_is_told(refuse):
    refuse(RuntimeError(NO_DRIVER))

    assert told_of("cuda") == (
        "device cuda: no NVIDIA driver is installed\n"
        f"    hint: https://www.nvidia.com/drivers has it; {WITHOUT}"
    )


def test_a_number_that_no_gpu_has_is_told(refuse):
    refuse(RuntimeError("CUDA error: invalid device ordinal\nCUDA kernel errors might be"))

    assert told_of("cuda:7").startswith("device cuda:7: this machine has no GPU of that number\n")


@pytest.mark.parametrize("word", ["gpu", "GPU", "", "cuda:one"])
def test_a_word_that_names_no_device_is_told_with_those_that_do(word):
    assert told_of(word) == f"device {word}: expected cpu, cuda, cuda:NUMBER or mps"


def test_a_device_that_torch_has_not_is_told(refuse):
    refuse(NotImplementedError("Could not run 'aten::empty.memory_format' with arguments from"))

    assert told_of("mps") == (
        "device mps: this torch or this machine has none: expected cpu, cuda, cuda:NUMBER or mps"
    )


def test_another_error_is_told_by_its_first_line(refuse):
    refuse(RuntimeError("something else\nand more"))

    assert told_of("cuda") == "device cuda: something else"


@pytest.mark.parametrize("device", ["cpu", "meta", torch.device("cpu")])
def test_a_device_that_is_there_is_returned(device):
    assert device_named(device) == torch.device(device)


def test_a_driver_that_is_too_old_is_told_once_and_the_cpu_computes(monkeypatch, capsys):
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)

    def is_available() -> bool:
        warnings.warn(f"CUDA initialization: {OLD_DRIVER}", stacklevel=1)
        return False

    monkeypatch.setattr(torch.cuda, "is_available", is_available)

    devices = [best_device(), best_device()]

    assert devices == [torch.device("cpu")] * 2
    assert capsys.readouterr().err == (
        "no GPU is used: the NVIDIA driver is too old for this torch: it knows CUDA 11.4; update"
        " the driver, or install a torch for that CUDA:"
        f" https://pytorch.org/get-started/previous-versions; {WITHOUT}\n"
    )


def test_why_there_is_no_gpu_is_known(refuse):
    refuse(RuntimeError(NO_DRIVER))

    missing = missing_gpu()

    assert missing.problem == "no NVIDIA driver is installed"
    assert missing.hint.startswith("https://www.nvidia.com/drivers")


def test_nothing_is_missing_where_there_is_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)

    assert missing_gpu() is None
