"""Parameters change as by torch.optim, to the last bit, and its compiler is not imported."""

from __future__ import annotations

import forked
import pytest
import torch
from conftest import HERE
from torch import nn

from pydarknet.training.update_rules import Adam, Momentum, UpdateRule

RATES = [0.1, 0.01, 0.05, 0.0]


def groups() -> list[dict]:
    """Return two groups of parameters, one of which decays, and the last of which stands still."""
    draws = torch.Generator().manual_seed(1)
    some = [nn.Parameter(torch.randn(shape, generator=draws)) for shape in ((4, 3), (5,), (2,))]
    return [
        {"params": some[:1], "weight_decay": 0.5},
        {"params": some[1:], "weight_decay": 0.0},
    ]


def trace(optimizer: UpdateRule | torch.optim.Optimizer) -> list[torch.Tensor]:
    """Return the parameters after each of four steps, and what is kept of them at the end."""
    draws, found = torch.Generator().manual_seed(2), []
    [first], [second, _] = (group["params"] for group in optimizer.param_groups)
    for rate in RATES:
        for parameter in (first, second):
            parameter.grad = torch.randn(parameter.shape, generator=draws)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        found += [first.detach().clone(), second.detach().clone()]
    kept = [optimizer.state[first], optimizer.state[second]]
    return [*found, *(state[key] for state in kept for key in sorted(state))]


@pytest.mark.parametrize("momentum", [0.9, 0.0])
def test_momentum_is_torchs_sgd(momentum):
    ours = trace(Momentum(groups(), momentum))

    theirs = trace(torch.optim.SGD(groups(), lr=0.0, momentum=momentum))
    assert len(ours) == (10 if momentum else 8)
    assert len({tuple(one.flatten().tolist()) for one in ours[:6:2]}) == 3  # it moves
    theirs = [one for one in theirs if one is not None]  # without momentum there is no buffer
    assert all(torch.equal(one, two) for one, two in zip(ours, theirs, strict=True))


def test_a_bound_holds_the_sum_of_gradient_and_momentum():
    free, held = nn.Parameter(torch.zeros(3)), nn.Parameter(torch.zeros(3))
    groups = [{"params": [free]}, {"params": [held], "bound": 1.0}]
    rule = Momentum([{"weight_decay": 0.0, "lr": 0.1, **group} for group in groups], 0.5)
    found = []
    for slope in (0.4, 3.0, -0.25):
        for parameter in (free, held):
            parameter.grad = torch.tensor([slope, -slope, 0.0])
        rule.step()
        found.append((free[0].item(), held[0].item(), held[1].item()))

    # without a bound the sums are .4, 3.2 and 1.35; with it .4, 1 and .25
    expected = [(-0.04, -0.04, 0.04), (-0.36, -0.14, 0.14), (-0.495, -0.165, 0.165)]
    assert found == [pytest.approx(each) for each in expected]
    assert rule.state[held]["momentum_buffer"].tolist() == pytest.approx([0.25, -0.25, 0])


def test_adam_is_torchs():
    ours = trace(Adam(groups(), (0.9, 0.99), 1e-6))

    theirs = trace(torch.optim.Adam(groups(), lr=0.0, betas=(0.9, 0.99), eps=1e-6))
    assert len(ours) == 8 + 2 * 3
    assert all(torch.equal(one, two) for one, two in zip(ours, theirs, strict=True))


def test_a_parameter_without_a_gradient_stays_and_has_no_state():
    rule = Momentum(groups(), 0.9)
    still = rule.param_groups[1]["params"][1]
    before = still.detach().clone()

    trace(rule)

    assert torch.equal(still, before)
    assert still not in rule.state or rule.state[still] == {}


def test_gradients_are_dropped():
    rule = Momentum(groups(), 0.9)
    trace(rule)

    rule.drop_gradients()

    assert [one.grad for group in rule.param_groups for one in group["params"]] == [None] * 3


def test_a_scaler_takes_back_its_scale_and_passes_over_infinite_gradients():
    parameter = nn.Parameter(torch.ones(3))
    rule = Momentum([{"params": [parameter], "weight_decay": 0.1, "lr": 0.1}], 0.9)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024)
    found = []
    for slope in (2, float("inf")):
        rule.drop_gradients()
        scaler.scale((parameter * slope).sum()).backward()
        scaler.unscale_(rule)
        scaler.step(rule)
        scaler.update()
        found.append((parameter.tolist(), scaler.get_scale()))

    moved = [pytest.approx(0.79)] * 3  # 1 - 0.1 * (2 + 0.1 * 1)
    assert found == [(moved, 1024), (moved, 512)]


def test_a_training_imports_no_compiler(tmp_path):
    text = "[net]\nwidth=8\nheight=8\nchannels=1\nbatch=2\nlearning_rate=.1\n"
    layers = "[convolutional]\nfilters=2\n[connected]\noutput=2\n[softmax]\n"
    (tmp_path / "net.cfg").write_text(text + layers)
    code = """
import sys, torch, pydarknet
from pydarknet.training.learner import Learner
learner = Learner(pydarknet.load_network("net.cfg", device="cpu"), seed=1)
step = learner.learn(torch.rand(2, 1, 8, 8), torch.eye(2))
print(step.loss > 0, "torch._dynamo" in sys.modules)
"""

    done = forked.run("-c", code, cwd=tmp_path, env={"PYTHONPATH": str(HERE.parent)})

    assert done.stdout == "True False\n", done.stderr
