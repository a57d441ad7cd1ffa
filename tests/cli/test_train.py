"""How commands train on images."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from pydarknet.backends import device
from pydarknet.cli.train import on_gpu, tensorboard_log
from pydarknet.cli.verbs import Run
from pydarknet.errors import GpuError, UsageError


def test_the_gpu_is_printed_and_used(capsys):
    assert on_gpu(Run(batchnorm="cpu"), "1") == Run(device="cuda:1", batchnorm="cpu")

    assert capsys.readouterr().out == "1\n"


def test_why_there_is_no_gpu_is_told(monkeypatch, capsys):
    missing = GpuError("no NVIDIA driver is installed", hint="install it")
    monkeypatch.setattr(device, "missing_gpu", lambda: missing)
    monkeypatch.setattr(device, "best_device", lambda: "cpu")

    on_gpu(Run(), "0")

    assert capsys.readouterr().err == (
        "-gpus 0: no NVIDIA driver is installed: cpu trains; install it\n"
    )


@pytest.mark.parametrize("gpus", ["0,1", "-1", "one"])
def test_only_one_gpu_trains(gpus):
    with pytest.raises(UsageError, match=f"-gpus {gpus}: expected the number of one GPU"):
        on_gpu(Run(), gpus)


def test_a_log_of_tensorboard_needs_its_package(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)

    with pytest.raises(UsageError, match="-tensorboard needs a package: pip install tensorboard"):
        tensorboard_log(tmp_path)


def test_a_log_of_tensorboard_that_cannot_be_written_is_noted_once(monkeypatch, tmp_path, capsys):
    def fail(folder: str) -> None:
        raise PermissionError(13, "Permission denied")

    package = SimpleNamespace(SummaryWriter=fail)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", package)
    write = tensorboard_log(tmp_path)

    write(SimpleNamespace(step=None))
    write(SimpleNamespace(step=None))

    assert capsys.readouterr().err == (
        f"{tmp_path}: TensorBoard's log cannot be written, and the training continues:"
        " Permission denied\n"
    )
