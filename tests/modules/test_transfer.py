"""Nobody waits for a copy to a GPU."""

from __future__ import annotations

from unittest.mock import Mock

import torch

from pydarknet.modules import transfer
from pydarknet.modules.transfer import all_on_device, on_device

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def test_a_tensor_stays_where_it_is():
    tensor = torch.ones(2)

    assert on_device(tensor, CPU) is tensor


def test_it_goes_to_a_gpu_by_pinned_memory_without_a_wait():
    tensor = Mock(device=CPU)

    moved = on_device(tensor, CUDA)

    tensor.pin_memory().to.assert_called_once_with(CUDA, non_blocking=True)
    assert moved is tensor.pin_memory().to()


def test_what_is_on_a_gpu_is_not_pinned():
    tensor = Mock(device=CUDA)

    on_device(tensor, CUDA)

    tensor.pin_memory.assert_not_called()


def test_several_go_to_a_gpu_as_one_and_are_what_they_were(monkeypatch):
    moved = []
    monkeypatch.setattr(transfer, "on_device", lambda tensor, _: moved.append(tensor) or tensor)
    tensors = [
        torch.arange(6).view(2, 3).t(),
        torch.tensor([1.5, -2.0, float("inf")]),
        torch.tensor([True, False, True]),
        torch.empty(0, dtype=torch.int64),
        torch.tensor(7, dtype=torch.int32),
        torch.empty(2, 0, 3),
    ]

    got = all_on_device(tensors, CUDA)

    assert len(moved) == 1
    assert [(one.dtype, one.shape) for one in got] == [(one.dtype, one.shape) for one in tensors]
    assert all(map(torch.equal, got, tensors))


def test_several_stay_where_they_are():
    tensors = [torch.ones(2), torch.zeros(3)]

    got = all_on_device(tensors, CPU)

    assert got[0] is tensors[0]
    assert got[1] is tensors[1]
