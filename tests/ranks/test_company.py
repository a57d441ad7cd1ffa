"""The company of a process: who prints, and on which GPU it computes."""

import sys

import pytest
import torch

from pydarknet.errors import UsageError
from pydarknet.ranks.company import company, device_of, silence
from pydarknet.ranks.place import Place
from pydarknet.ranks.ranks import ALONE


def place(local: int) -> Place:
    """Return the place of a process with this number on its machine."""
    return Place(local, 4, local, 4, "127.0.0.1", 1)


def test_a_process_without_a_place_is_alone(capsys):
    with company(None, torch.device("cpu")) as ranks:
        print("heard")

    assert ranks is ALONE
    assert capsys.readouterr().out == "heard\n"


def test_silence_ends(capsys):
    with silence():
        print("out")
        print("err", file=sys.stderr)
    print("after")

    assert tuple(capsys.readouterr()) == ("after\n", "")


@pytest.mark.parametrize("local", [0, 1])
def test_each_process_of_a_machine_has_a_gpu(monkeypatch, local):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)

    assert device_of(place(local)) == f"cuda:{local}"


def test_more_processes_than_gpus_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)

    with pytest.raises(UsageError, match=r"process 2 of this machine .* --nproc_per_node=2"):
        device_of(place(2))


def test_without_a_gpu_the_best_device_is_taken(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    assert device_of(place(0)) is None
    assert device_of(None) is None
