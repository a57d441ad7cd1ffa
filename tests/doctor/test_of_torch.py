from __future__ import annotations

from types import SimpleNamespace

from pydarknet.doctor import of_torch
from pydarknet.doctor.of_torch import gpu, gpus, look


def test_this_torch_finds_the_digits() -> None:
    said = look()

    assert said["trial"]["boxes"] == 6
    assert said["threads"] > 0


def test_an_installation_without_the_model_says_so(monkeypatch) -> None:
    monkeypatch.setattr("pydarknet.system.resources.shipped_file", lambda name: None)

    assert of_torch.trial() == {"problem": "the built-in model is not in this installation"}


def test_why_there_is_no_gpu_is_one_line() -> None:
    def init() -> None:
        raise RuntimeError("Found no NVIDIA driver.\nPlease check")

    torch = SimpleNamespace(cuda=SimpleNamespace(init=init))

    assert gpus(torch) == {"gpus": [], "no_gpu": "Found no NVIDIA driver."}


def test_why_there_is_no_kernel_is_one_line(monkeypatch) -> None:
    def cubin(source: object, arch: str) -> bytes:
        raise RuntimeError(f"{arch} is unknown\nto me")

    monkeypatch.setattr("pydarknet.boxes.kernels.cubin.cubin", cubin)
    properties = SimpleNamespace(name="H200", major=9, minor=0, total_memory=5)

    found = gpu(properties)

    assert found == {"name": "H200", "arch": "sm_90", "memory": 5, "kernel": "sm_90 is unknown"}
