import numpy as np
import pytest
import torch
from torch import nn

from pydarknet.ports.values import Filters, Norm, darknet_norm, identity, total


def filters(seed, n, c, side):
    numbers = np.random.default_rng(seed)
    norm = Norm(*(numbers.uniform(0.5, 1, n) for _ in range(4)), 0.001)
    return Filters(numbers.normal(size=(n, c, side, side)), np.zeros(n), norm)


def convolve(made, x):
    weights, biases = (torch.from_numpy(value) for value in (made.weights, made.biases))
    y = nn.functional.conv2d(x, weights, biases, padding=weights.shape[2] // 2)
    if made.norm is None:
        return y
    four = (made.norm.mean, made.norm.variance, made.norm.scales, made.norm.biases)
    return nn.functional.batch_norm(y, *map(torch.from_numpy, four), eps=made.norm.epsilon)


X = torch.rand(1, 4, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("change", [Filters.fold, Filters.with_norm])
def test_folding_and_a_batch_norm_without_effect_change_nothing(change):
    made = filters(1, 4, 4, 3)

    torch.testing.assert_close(convolve(change(made.fold()), X), convolve(made, X))


def test_parallel_branches_are_one_convolution():
    branches = [filters(1, 4, 4, 3), filters(2, 4, 4, 1)]
    same = Filters(identity((4, 4, 1, 1)), np.zeros(4), filters(3, 4, 4, 1).norm)

    made = total([*branches, same], (4, 4, 3, 3))

    expected = sum(convolve(branch, X) for branch in (*branches, same))
    torch.testing.assert_close(convolve(made, X), expected)


def test_learned_constants_become_part_of_weights_and_biases():
    made = filters(1, 4, 4, 1)
    added, factor = np.arange(4.0), np.arange(1.0, 5)

    changed = made.with_constants(added, factor)

    inside = X + torch.from_numpy(added)[:, None, None]
    expected = convolve(made, inside) * torch.from_numpy(factor)[:, None, None]
    torch.testing.assert_close(convolve(changed, X), expected)


def test_the_biases_of_a_convolution_before_a_batch_norm_move_into_the_mean():
    norm = Norm(np.ones(1), np.ones(1), np.full(1, 3.0), np.ones(1), 1e-5)

    changed, rescaled = darknet_norm(norm, np.full(1, 2.0))

    assert (changed.mean[0], rescaled) == (1, 0)  # 3 - 2
