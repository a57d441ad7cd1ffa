"""Nobody waits for a copy to a GPU."""

from __future__ import annotations

from unittest.mock import Mock

import torch

from pydarknet.modules.transfer import on_device

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
