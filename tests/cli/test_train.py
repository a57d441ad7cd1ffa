"""How commands train on images."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from pydarknet.cli.train import team_of, tensorboard_log
from pydarknet.errors import UsageError
from pydarknet.ranks.ranks import ALONE, Ranks
from pydarknet.training.apart import Apart
from pydarknet.training.team import AtOnce, InTurn

FLAGS = {"gpus": None, "allreduce": False, "sync_bn": False}


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, InTurn),
        ({"sync_bn": True}, AtOnce),
        ({"gpus": "0,1"}, Apart),
        ({"gpus": "0,1", "allreduce": True}, InTurn),
        ({"gpus": "0,1", "allreduce": True, "sync_bn": True}, AtOnce),
    ],
)
def test_processes_train_together_unless_gpus_are_averaged(given, kind):
    assert team_of(SimpleNamespace(**{**FLAGS, **given}), Ranks(0, 2)) is kind


def test_networks_that_are_averaged_share_no_statistics():
    flags = SimpleNamespace(gpus="0,1", allreduce=False, sync_bn=True)

    with pytest.raises(UsageError, match="-sync_bn: the networks of -gpus share nothing"):
        team_of(flags, Ranks(0, 2))


def test_one_process_is_told_what_is_for_several(capsys):
    team_of(SimpleNamespace(gpus=None, allreduce=True, sync_bn=True), ALONE)

    told = "is for several processes, and this one is alone: it changes nothing\n"
    assert capsys.readouterr().err == f"-sync_bn {told}-allreduce {told}"


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
