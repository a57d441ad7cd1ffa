"""Label smoothing gives a share of the true class to its rivals."""

import pytest
import torch

from pydarknet.training.losses.smoothing import smooth


def test_targets_of_a_softmax_still_add_up_to_1():
    got = smooth(torch.tensor([[0.0, 1, 0, 0]]), 0.2, (4, 4, 4, 4))

    torch.testing.assert_close(got, torch.tensor([[0.05, 0.85, 0.05, 0.05]]))


def test_each_group_shares_by_its_own_size():
    got = smooth(torch.tensor([[1.0, 0, 0, 1, 0]]), 0.3, (2, 2, 3, 3, 3))

    torch.testing.assert_close(got, torch.tensor([[0.85, 0.15, 0.1, 0.8, 0.1]]))


def test_without_eps_targets_are_as_they_are():
    target = torch.tensor([[-1234.0, 1]])

    assert smooth(target, 0.0, (2, 2)) is target


@pytest.mark.parametrize("eps", [0.1, 1.0])
def test_the_deltas_are_those_of_torchs_cross_entropy(eps):
    raw = torch.tensor([[0.5, -1.0, 2.0]], dtype=torch.float64, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(raw, torch.tensor([1]), label_smoothing=eps)
    [slope] = torch.autograd.grad(loss, raw)

    goal = smooth(torch.tensor([[0.0, 1, 0]], dtype=torch.float64), eps, (3, 3, 3))

    torch.testing.assert_close(goal - raw.softmax(1), -slope, rtol=0, atol=1e-12)
