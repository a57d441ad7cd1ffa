"""Writes that torch does not count are noticed by a few values."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pydarknet.backends.sample import MOST, sample, some_bits


def write_by_data(tensor: torch.Tensor) -> None:
    """Write through `.data`, as EMA, weight clipping and pruning code does."""
    tensor.data.mul_(2)


def write_by_numpy(tensor: torch.Tensor) -> None:
    """Write through numpy, as code that loads other programs' files does."""
    tensor.detach().numpy()[:] = 7


@pytest.mark.parametrize("write", [write_by_data, write_by_numpy])
@pytest.mark.parametrize("form", [torch.contiguous_format, torch.channels_last])
def test_a_write_to_one_of_several_tensors_is_noticed(write, form) -> None:
    tensors = [torch.rand(4), torch.rand(64, 3, 3, 3).contiguous(memory_format=form)]
    looked = sample(torch.nn.Parameter(tensor) for tensor in tensors)

    assert not looked.changed
    write(tensors[1])
    assert looked.changed


@pytest.mark.parametrize("write", [write_by_data, write_by_numpy])
@pytest.mark.parametrize("which", range(3))
def test_so_is_one_to_tensors_of_one_storage(write, which) -> None:
    whole = torch.rand(3 + 640 + 36)
    filters = whole[643:].view(1, 4, 3, 3)
    tensors = [whole[:3], whole[3:643].view(10, 64), filters.permute(0, 2, 3, 1)]
    looked = sample(tensors)
    assert len(looked.gathered) == 1

    write(tensors[which])
    assert looked.changed


def test_places_in_one_storage_are_those_of_each_tensor() -> None:
    whole = torch.rand(3 + 640)
    looked = sample([whole[:3], whole[3:].view(10, 64)])

    whole[3 + 599] += 1  # every fortieth is looked at
    assert not looked.changed
    whole[3 + 600] += 1
    assert looked.changed


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16, torch.int64])
def test_any_type_of_value_is_compared_even_nan(dtype) -> None:
    tensor = torch.full((2,), float("nan")).to(dtype)
    looked = sample([torch.zeros(1), tensor])

    assert not looked.changed
    tensor.data[1] = 1
    assert looked.changed


@pytest.mark.parametrize(
    ("count", "places"),
    [(1, [0]), (MOST, range(MOST)), (MOST + 1, range(0, 17, 2)), (300, range(0, 300, 19))],
)
def test_values_stand_at_even_distances(count: int, places) -> None:
    values = torch.arange(count, dtype=torch.int32)

    np.testing.assert_array_equal(some_bits(values), list(places))


def test_nothing_never_changes() -> None:
    assert not sample([torch.zeros(0)]).changed
