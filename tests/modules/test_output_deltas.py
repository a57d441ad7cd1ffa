"""Deltas that the fork computes from outputs, beside its CPU code and the formulas of its GPU's."""

from __future__ import annotations

import json
from math import cosh, tanh

import numpy as np
import pytest
import torch
from conftest import HERE

from pydarknet.modules.activations import activation, input_delta
from pydarknet.modules.ops import Activate
from pydarknet.modules.output_deltas import ON_GPU, OUTPUT_DELTAS, from_output, gelu_delta

RECORDED = json.loads((HERE / "reference" / "fork_deltas" / "activations.json").read_text())
SHARES = ["normalize_channels", "normalize_channels_softmax", "normalize_channels_softmax_maxval"]


def kernel(word: str, y: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """Return what src/activation_kernels.cu makes of a delta, value by value."""
    found = delta.copy()
    for at in np.ndindex(y.shape):
        x = float(y[at])
        bent = 0.0356774 * x**3 + 0.797885 * x
        if word == "gelu":
            sech = 1 / cosh(bent)
            slope = 0.0535161 * x**3 + 0.398942 * x
            found[at] *= 0.5 * tanh(bent) + slope * sech**2 + 0.5
        elif word == "revleaky":
            found[at] /= 1 if x > 0 else 0.1
        elif word == "normalize_channels":
            found[at] *= x if x > 0 else 1
        else:
            found[at] *= x * (1 - x)
    return found


def trained(word: str, x: torch.Tensor, delta: torch.Tensor, **how: object) -> torch.Tensor:
    """Return the delta of the input of an activation in training."""
    activate = Activate(word, **how).train()
    leaf = x.clone().requires_grad_()
    y = activate(leaf * 1)
    torch.testing.assert_close(y.detach(), activation(word)(x))
    y.backward(delta)
    assert leaf.grad is not None
    return leaf.grad


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("word", ["gelu", "revleaky", *SHARES])
def test_by_default_a_delta_is_that_of_the_forks_gpu_code(word, overwrite):
    draws = torch.Generator().manual_seed(1)
    x, delta = (torch.randn(2, 3, 2, 2, generator=draws) for _ in range(2))

    found = trained(word, x, delta, overwrite=overwrite)

    expected = kernel(word, activation(word)(x).numpy(), delta.numpy())
    torch.testing.assert_close(found, torch.tensor(expected))
    torch.testing.assert_close(input_delta(word, delta, x.clone()), found)


@pytest.mark.parametrize("word", sorted(RECORDED))
def test_on_the_cpu_a_delta_is_that_of_its_cpu_code(word):
    y, delta, expected = (torch.tensor(values) for values in RECORDED[word].values())
    activate = Activate(word).train()
    activate.processor = "cpu"
    delta_of = OUTPUT_DELTAS["cpu"].get(word)

    if delta_of:
        found = delta_of(delta, y)
    else:  # the derivative of leaky, which a value and the leaky of it have in common
        x = y.clone().requires_grad_()
        activate(x).backward(delta)
        found = x.grad

    torch.testing.assert_close(found, expected, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize(("processor", "expected"), [("gpu", [5, 20]), ("cpu", [5, 0.2])])
def test_a_cfg_is_trained_with_the_deltas_of_its_processor(net, processor, expected):
    text = "[activation]\nactivation=revleaky"
    network = net(text, inputs=2, dialect="alexeyab", batchnorm=processor).train()
    x = torch.tensor([[3.0, -4.0]], requires_grad=True)

    network.stack[0](x).backward(torch.tensor([[5.0, 2.0]]))

    assert x.grad.tolist() == [pytest.approx(expected)]


def test_outside_training_a_gradient_is_the_derivative():
    x = torch.tensor([0.7, -0.3], requires_grad=True)

    Activate("gelu").eval()(x).sum().backward()

    step = 1e-3
    ends = activation("gelu")(x.detach() + step), activation("gelu")(x.detach() - step)
    torch.testing.assert_close(x.grad, (ends[0] - ends[1]) / (2 * step), rtol=1e-3, atol=1e-3)


def test_narrow_numbers_far_out_have_a_slope_of_one():
    delta = gelu_delta(torch.tensor([2.0, 2.0]).half(), torch.tensor([300.0, 0.0]).half())

    assert (delta.dtype, delta.tolist()) == (torch.float16, [2, 1])


def test_a_function_keeps_its_output_alone():
    x = torch.tensor([2.0], requires_grad=True)

    y = from_output(x * 1, torch.square, lambda delta, y: delta * y)
    kept = [one.item() for one in y.grad_fn.saved_tensors]
    y.backward(torch.tensor([3.0]))

    assert (y.item(), kept, x.grad.item()) == (4, [4], 12)  # 3 * 4


def test_all_have_a_function():
    assert all(callable(activation(word)) for word in ON_GPU)
