"""Rolling statistics that several processes gather, beside the loop over all mini-batches."""

import numpy as np
import pytest
import torch
from together import together

from pydarknet.modules.batch_norm import BATCH_NORMS
from pydarknet.training.rolling import Rolling


def norm_of(kind, values):
    """Return a batch norm of one channel with these statistics, float32."""
    norm = kind(1).train()
    for name in ("rolling_mean", "rolling_variance"):
        norm.register_buffer(name, torch.tensor([values[name]]))
    return norm


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("kind", [*map(BATCH_NORMS["cpu"].of, ("pjreddie", "alexeyab"))])
def test_statistics_of_processes_are_those_of_one(kind, size):
    begun = {"rolling_mean": 0.5, "rolling_variance": 2.0}
    draws = np.random.default_rng(1).random((size, 2, 2))  # of each process, two mini-batches
    expected = np.array([*begun.values()])
    for mean_and_variance in draws.reshape(-1, 2):
        expected += kind.momentum * (mean_and_variance - expected)

    def work(ranks):
        norm = norm_of(kind, begun)
        rolling = Rolling([norm])
        for mean, variance in draws[ranks.rank]:
            norm.rolling_mean.lerp_(torch.tensor([mean], dtype=torch.float32), norm.momentum)
            norm.rolling_variance.lerp_(
                torch.tensor([variance], dtype=torch.float32), norm.momentum
            )
        rolling.join(ranks, 2)
        return float(norm.rolling_mean), float(norm.rolling_variance)

    np.testing.assert_allclose(together(size, work), [expected] * size, rtol=1e-6)


def test_statistics_that_do_not_change_are_left_alone():
    norm = norm_of(BATCH_NORMS["gpu"].of("pjreddie"), {"rolling_mean": 0.1, "rolling_variance": 1})
    norm.eval()

    assert Rolling([norm]).statistics() == []
