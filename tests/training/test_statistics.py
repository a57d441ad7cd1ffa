"""Batch norm of a mini-batch in parts, beside batch norm of the whole."""

import pytest
import torch
from together import together
from torch.nn import functional as F

from pydarknet.modules.batch_norm import BATCH_NORMS, BatchNorm
from pydarknet.training.statistics import Shared, use_statistics_of_all

KINDS = [BatchNorm, *map(BATCH_NORMS["cpu"].of, ("pjreddie", "alexeyab"))]


def norm_of(kind: type[BatchNorm]) -> BatchNorm:
    """Return a batch norm of two channels in float64."""
    norm = kind(2).train()
    norm.scales = torch.nn.Parameter(torch.tensor([1.5, -0.5]).double())
    for name in ("rolling_mean", "rolling_variance"):
        norm.register_buffer(name, torch.tensor([0.25, 0.5]).double())
    return norm


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [2, 3])
def test_parts_are_normalised_as_the_whole(kind, size):
    draws = torch.Generator().manual_seed(1)
    x, weights = (torch.rand(6, 2, 3, 3, generator=draws, dtype=torch.float64) for _ in range(2))
    biases = torch.tensor([0.1, 0.2]).double()
    whole = norm_of(kind)
    read = x.clone().requires_grad_()
    expected = whole(read, biases)
    (expected * weights).sum().backward()

    def work(ranks):
        norm, part = norm_of(kind), slice(6 // size * ranks.rank, 6 // size * (ranks.rank + 1))
        own = x[part].clone().requires_grad_()
        y = Shared(ranks)(norm, own, biases)
        (y * weights[part]).sum().backward()
        return y.detach(), own.grad, norm

    for name, found in (("y", 0), ("delta", 1)):
        parts = torch.cat([one[found] for one in together(size, work)])
        torch.testing.assert_close(parts, expected.detach() if name == "y" else read.grad)
    for _, _, norm in together(size, work):
        torch.testing.assert_close(norm.rolling_mean, whole.rolling_mean)
        torch.testing.assert_close(norm.rolling_variance, whole.rolling_variance)


def test_only_training_takes_the_statistics_of_all():
    norm = norm_of(BatchNorm).eval()
    use_statistics_of_all(torch.nn.Sequential(norm), None)
    x = torch.rand(2, 2, 1, 1).double()

    y = norm(x, torch.zeros(2).double())

    expected = F.batch_norm(x, norm.rolling_mean, norm.rolling_variance, norm.scales, eps=1e-5)
    torch.testing.assert_close(y, expected)
