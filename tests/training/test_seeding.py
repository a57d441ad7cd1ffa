"""The random numbers of torch.manual_seed, without what it does for devices that are not in use."""

from __future__ import annotations

import pytest
import torch

from pydarknet.training.seeding import seed_torch

CPU = torch.device("cpu")


@pytest.mark.parametrize("seed", [0, 7, 2**62 - 1])
def test_the_numbers_are_those_of_torch(seed):
    torch.manual_seed(seed)
    expected = torch.rand(4)

    seed_torch(seed, CPU)

    assert torch.equal(torch.rand(4), expected)


def test_on_a_cpu_nothing_is_laid_by_for_gpus(monkeypatch):
    asked: list[int] = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", asked.append)

    seed_torch(1, CPU)
    seed_torch(2, torch.device("cuda"))

    assert asked == [2]
