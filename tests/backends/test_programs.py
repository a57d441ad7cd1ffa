"""The programs that run a network in torch's place: what cannot be."""

from __future__ import annotations

import pytest
import torch

import pydarknet
from pydarknet.backends import programs
from pydarknet.backends.programs import check_backend, installed_programs
from pydarknet.errors import UsageError
from pydarknet.system.resources import shipped_file


@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
def test_what_is_missing_is_told(monkeypatch, name):
    monkeypatch.setattr(programs, "find_spec", lambda name: None)
    cfg = shipped_file("digits.cfg")

    with pytest.raises(UsageError) as error:
        pydarknet.load_network(cfg, backend=name, device="cpu")

    assert str(error.value) == (
        f"backend {name}: {name} and onnx cannot be imported\n"
        f"    hint: pip install -c constraints.txt '.[{name}]'"
    )


def test_another_backend_is_told():
    expected = "backend tensorrt: expected onnxruntime or openvino or auto"
    with pytest.raises(UsageError, match=expected):
        pydarknet.load_network(shipped_file("digits.cfg"), backend="tensorrt", device="cpu")


def test_opencv_is_for_exported_files():
    with pytest.raises(UsageError, match=r"backend opencv: expected an exported \.onnx, or "):
        check_backend("opencv", torch.device("cpu"))


@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
def test_a_gpu_has_none(name):
    with pytest.raises(UsageError, match=r"expected a CPU \(-nogpu\), the device is cuda:0"):
        check_backend(name, torch.device("cuda", 0))


def test_auto_is_possible_on_every_device(monkeypatch):
    monkeypatch.setattr(programs, "find_spec", lambda name: None)

    check_backend("auto", torch.device("cuda", 0))
    check_backend("auto", torch.device("cpu"))
    check_backend(None, torch.device("cpu"))


def test_a_program_is_installed_with_all_that_it_needs(monkeypatch):
    there = {"openvino", "onnx"}
    monkeypatch.setattr(programs, "find_spec", lambda name: name if name in there else None)
    assert list(installed_programs()) == ["openvino"]

    there.remove("onnx")
    assert not installed_programs()
