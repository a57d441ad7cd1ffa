"""Batch norm in training: statistics, outputs and deltas in three forms."""

from __future__ import annotations

import json
from math import sqrt
from typing import Any

import pytest
import torch
from conftest import HERE, both_lineages

from pydarknet.errors import DarknetError
from pydarknet.modules.batch_norm import BATCH_NORMS

ARRAYS = ("output", "rolling_mean", "rolling_variance", "input_delta", "scale_delta")


def fresh(dialect: str, form: str, channels: int) -> Any:
    """Return a batch norm in training, with its initial statistics."""
    norm = BATCH_NORMS[form].of(dialect)(channels)
    for name, values in [*norm.named_parameters(), *norm.named_buffers()]:
        with torch.no_grad():
            norm.fill(name, values, None)
    return norm.train()


@pytest.fixture
def learnt():
    """Return a function that runs a batch norm on the values 1 and 3 of one channel."""

    def learn(dialect: str, form: str) -> tuple[Any, torch.Tensor]:
        norm = fresh(dialect, form, 1)
        return norm, norm(torch.tensor([[1.0], [3.0]]), torch.zeros(1)).detach()

    return learn


@both_lineages
def test_by_default_it_normalises_by_the_biased_variance(learnt, dialect):
    _, y = learnt(dialect, "gpu")

    root = sqrt((1 + 1) / 2 + 1e-5)
    torch.testing.assert_close(y.flatten(), torch.tensor([-1 / root, 1 / root]))


@both_lineages
def test_by_default_it_remembers_a_hundredth_of_the_unbiased_variance(learnt, dialect):
    norm, _ = learnt(dialect, "gpu")

    assert norm.rolling_mean.item() == pytest.approx(0.01 * 2)
    assert norm.rolling_variance.item() == pytest.approx(0.01 * (1 + 1) / (2 - 1))


@pytest.mark.parametrize(("dialect", "part"), [("pjreddie", 0.01), ("alexeyab", 0.1)])
def test_the_cpu_form_remembers_a_part_of_its_lineage(learnt, dialect, part):
    norm, _ = learnt(dialect, "cpu")

    assert norm.rolling_mean.item() == pytest.approx(part * 2)
    assert norm.rolling_variance.item() == pytest.approx(part * 2)


@pytest.mark.parametrize(
    ("dialect", "root"), [("pjreddie", sqrt(2) + 1e-6), ("alexeyab", sqrt(2 + 1e-5))]
)
def test_the_cpu_form_normalises_by_the_unbiased_variance(learnt, dialect, root):
    _, y = learnt(dialect, "cpu")

    torch.testing.assert_close(y.flatten(), torch.tensor([-1 / root, 1 / root]))


@both_lineages
def test_the_cpu_form_goes_forward_and_back_as_the_c_program(dialect):
    path = HERE / "reference" / "batch_norm" / f"{dialect}.json"
    recorded = {key: torch.tensor(values) for key, values in json.loads(path.read_text()).items()}
    norm = fresh(dialect, "cpu", 2)
    with torch.no_grad():
        norm.scales.copy_(recorded["scales"])
    x = recorded["input"].view(2, 2, 2, 2).requires_grad_()

    y = norm(x, recorded["biases"])
    y.backward(recorded["delta"].view(2, 2, 2, 2))

    ours = (y, norm.rolling_mean, norm.rolling_variance, x.grad, norm.scales.grad)
    torch.testing.assert_close(
        {name: values.detach().flatten() for name, values in zip(ARRAYS, ours, strict=True)},
        {name: recorded[name] for name in ARRAYS},
        atol=1e-6,
        rtol=1e-6,
    )


@both_lineages
@pytest.mark.parametrize("form", ["gpu", "cpu"])
def test_it_learns_nothing_from_one_number_a_channel(dialect, form):
    with pytest.raises(DarknetError, match="one value per channel: expected a larger batch"):
        fresh(dialect, form, 3)(torch.ones(1, 3, 1, 1), torch.zeros(3))


@both_lineages
@pytest.mark.parametrize("form", ["gpu", "cpu"])
def test_detecting_changes_no_statistics(dialect, form):
    norm = fresh(dialect, form, 1).eval()

    norm(torch.ones(2, 1), torch.zeros(1))

    assert norm.rolling_mean.item() == norm.rolling_variance.item() == 0


@pytest.mark.parametrize("form", ["gpu", "cpu"])
@both_lineages
def test_what_mixed_precision_gives_is_normalised_in_float32(dialect, form):
    norm, plain = (fresh(dialect, form, 2) for _ in range(2))
    x = torch.rand(8, 2, 3, 3, generator=torch.Generator().manual_seed(1)).bfloat16()
    narrow, wide = x.clone().requires_grad_(), x.float().requires_grad_()

    y, expected = norm(narrow, torch.zeros(2)), plain(wide, torch.zeros(2))
    y.float().square().sum().backward(), expected.square().sum().backward()

    assert y.dtype is narrow.grad.dtype is torch.bfloat16
    torch.testing.assert_close(y.float(), expected, rtol=0.01, atol=0.01)
    torch.testing.assert_close(norm.rolling_mean, plain.rolling_mean, rtol=1e-3, atol=1e-5)
