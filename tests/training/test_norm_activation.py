"""Batch norm and activation in one step, beside torch's own gradients of both."""

from __future__ import annotations

import copy

import pytest
import torch

from pydarknet.errors import DarknetError
from pydarknet.modules.activations import REGISTRY
from pydarknet.modules.batch_norm import BatchNorm, UnbiasedBatchNorm
from pydarknet.modules.ops import Conv, normalise_and_activate
from pydarknet.ranks.ranks import ALONE
from pydarknet.training import norm_activation
from pydarknet.training.conv_matmul import use_lean_convolutions
from pydarknet.training.norm_activation import (
    NormActivation,
    finish,
    normal_activation,
    normal_delta,
    source_of,
    use_one_step,
)
from pydarknet.training.statistics import use_statistics_of_all


def conv_of(activation: str, norm: type[BatchNorm] = BatchNorm) -> Conv:
    """Return a convolution of 3 to 4 channels in training."""
    draws = torch.Generator().manual_seed(1)
    conv = Conv(3, 4, 3, padding=(1, 1), norm=norm(4), activation=activation)
    for values in conv.state_dict().values():
        values.uniform_(0.5, 1.5, generator=draws)
    return conv.train()


@pytest.mark.parametrize("part", [1, norm_activation.PART])  # bytes: an image at a time, or all
@pytest.mark.parametrize("word", sorted(REGISTRY))
def test_outputs_statistics_and_gradients_are_torchs(monkeypatch, word, part):
    monkeypatch.setattr(norm_activation, "PART", part)
    draws = torch.Generator().manual_seed(2)
    ours, theirs = conv_of(word), conv_of(word)
    maps = torch.randn(2, 4, 5, 6, generator=draws).to(memory_format=torch.channels_last)
    delta = torch.randn(2, 4, 5, 6, generator=draws)
    results = []
    for conv, run in ((ours, finish), (theirs, normalise_and_activate)):
        x = maps.clone().requires_grad_()
        y = run(conv, x)
        y.backward(delta)
        assert conv.norm is not None
        grads = x.grad, conv.norm.scales.grad, conv.biases.grad
        results.append((y.detach(), *grads, conv.norm.rolling_mean, conv.norm.rolling_variance))

    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_a_batch_norm_that_processes_share_takes_one_step_too():
    shared, apart = conv_of("leaky"), conv_of("leaky", UnbiasedBatchNorm)
    for conv in (shared, apart):
        use_statistics_of_all(conv, ALONE)
        use_one_step(conv)

    assert shared.finish is finish
    assert apart.finish is normalise_and_activate


def test_a_whole_layer_learns_as_torchs_and_keeps_one_map():
    draws = torch.Generator().manual_seed(3)
    plain = torch.nn.Sequential(conv_of("leaky"), Conv(4, 2, 3))
    for values in plain[1].state_dict().values():
        values.uniform_(-1, 1, generator=draws)
    lean = copy.deepcopy(plain)
    use_lean_convolutions(lean)
    use_one_step(lean)
    x = torch.randn(2, 3, 6, 6, generator=draws).to(memory_format=torch.channels_last)

    for network in (plain, lean):
        network(x).square().sum().backward()

    for one, other in zip(lean.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-5, atol=1e-4)
    assert [kept.shape for kept in lean(x).grad_fn.saved_tensors] == [(2, 4, 3, 3)]


def test_an_output_and_its_parts_are_computed_again_with_the_same_bits():
    conv = conv_of("leaky")
    y = finish(conv, torch.randn(2, 4, 5, 6).to(memory_format=torch.channels_last))
    part = y.chunk(2, 1)[1]

    whole, half = source_of(y), source_of(part)

    assert whole is not None
    assert half is not None
    assert torch.equal(whole(), y)
    assert torch.equal(half(), part)
    assert source_of(y + 1) is None


@pytest.mark.parametrize("word", ["leaky", "mish"])  # that overwrites its input, and one that not
def test_an_image_at_a_time_has_the_values_of_all_at_once(monkeypatch, word):
    draws = torch.Generator().manual_seed(4)
    maps = torch.randn(3, 20, 5, 6, generator=draws).to(memory_format=torch.channels_last)
    delta = torch.randn(maps.shape, generator=draws)
    statistics = torch.rand(4, 20, generator=draws) + 0.5
    found = []
    for part in (1, 1 << 20):
        monkeypatch.setattr(norm_activation, "PART", part)
        found.append(
            (
                normal_activation(word, maps, *statistics),
                normal_delta(word, delta, maps, *statistics),
            )
        )

    for one, other in zip(*found, strict=True):  # vectors end elsewhere: the last digit may differ
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-7)


def test_it_is_used_for_the_batch_norm_that_torch_computes():
    network = torch.nn.Sequential(conv_of("leaky"), conv_of("leaky", UnbiasedBatchNorm))

    use_one_step(network)

    assert [conv.finish is finish for conv in network] == [True, False]


def test_in_inference_it_is_the_plain_form():
    conv = conv_of("leaky").eval()
    x = torch.randn(1, 4, 2, 2)

    assert torch.equal(finish(conv, x), normalise_and_activate(conv, x))
    assert conv.norm is not None
    assert not isinstance(finish(conv, x).grad_fn, NormActivation._backward_cls)


def test_it_learns_nothing_from_one_number_a_channel():
    with pytest.raises(DarknetError, match="one value per channel"):
        finish(conv_of("leaky"), torch.ones(1, 4, 1, 1))
