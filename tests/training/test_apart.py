"""Networks that are trained apart and averaged, beside a model of them in numpy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import both_lineages
from together import together

from pydarknet.training.apart import Apart
from pydarknet.training.checkpoints import Pair
from pydarknet.training.learner import Learner
from pydarknet.training.resume import Start, resume, unusable_tensor
from pydarknet.training.run import describe_run
from pydarknet.training.start_together import start_together
from pydarknet.training.state import read_state, write_state

pytestmark = pytest.mark.usefixtures("one_thread")
RATE, MOMENTUM, DECAY, IMAGES = 0.01, 0.9, 0.05, 4
OPTIONS = (
    f"batch={IMAGES}\nsubdivisions=2\nmax_batches=100\nlearning_rate={RATE}\npolicy=constant\n"
    f"momentum={MOMENTUM}\ndecay={DECAY}\n"
)
LINEAR = "[connected]\noutput=2\nactivation=linear\n[cost]\ntype=sse\n"


def averaged_at(dialect: str, size: int, steps: int) -> set[int]:
    """Return after which steps the C programs average, counted from 0: see test_counts.

    The original does when its own count is a multiple of 4, the fork when that of all is.
    """
    if dialect == "pjreddie":
        return set(range(3, steps, 4))
    return {step for step in range(steps) if (step + 1) * size % 4 == 0}


def model(dialect: str, size: int, x: np.ndarray, y: np.ndarray, w: np.ndarray) -> list:
    """Train `size` linear networks in numpy on batches x [steps, size * IMAGES, 3]; return all.

    The step is truth minus output; decay changes weights alone; each has a momentum of its own.
    """
    nets = [[w.copy(), np.zeros(2), np.zeros_like(w), np.zeros(2)] for _ in range(size)]
    costs = []
    for step in range(len(x)):
        losses = []
        for rank, net in enumerate(nets):
            part = slice(rank * IMAGES, (rank + 1) * IMAGES)
            delta = y[step, part] - x[step, part] @ net[0].T - net[1]
            net[2] = MOMENTUM * net[2] - delta.T @ x[step, part] / IMAGES + DECAY * net[0]
            net[3] = MOMENTUM * net[3] - delta.mean(0)
            net[0] = net[0] - RATE * size * net[2]
            net[1] = net[1] - RATE * size * net[3]
            losses.append((delta**2).sum() / IMAGES)
        costs.append(np.mean(losses))
        if step in averaged_at(dialect, size, len(x)):
            for place in range(2):
                mean = np.mean([net[place] for net in nets], 0)
                for net in nets:
                    net[place] = mean
    return [nets, costs]


@both_lineages
@pytest.mark.parametrize("size", [2, 3])
def test_networks_are_trained_and_averaged_as_the_model(net, dialect, size):
    draws = np.random.default_rng(1)
    x, y = draws.random((10, size * IMAGES, 3)), draws.random((10, size * IMAGES, 2))
    w = draws.random((2, 3)).astype(np.float32)
    x, y = x.astype(np.float32), y.astype(np.float32)
    nets, costs = model(dialect, size, *(one.astype(float) for one in (x, y, w)))

    def work(ranks):
        network = net(LINEAR, inputs=3, options=OPTIONS, dialect=dialect)
        network.initialize()
        network.stack[0].weights.data = torch.from_numpy(w)
        network.stack[0].biases.data.zero_()
        network.double()
        learner = Learner(network, seed=1, team=Apart(network, ranks))
        wanted = list(learner.spread.wanted)
        steps = [
            learner.learn(torch.from_numpy(x[step, wanted]), torch.from_numpy(y[step, wanted]))
            for step in range(len(x))
        ]
        return network.stack[0], steps

    for (module, steps), (weights, biases, _, _) in zip(together(size, work), nets, strict=True):
        np.testing.assert_allclose(module.weights.detach(), weights, rtol=1e-9)
        np.testing.assert_allclose(module.biases.detach(), biases, rtol=1e-9)
        np.testing.assert_allclose([step.loss for step in steps], costs, rtol=1e-6)
        assert {step.rate for step in steps} == {RATE * size}
        assert {step.images for step in steps} == {IMAGES * size}
        synced = {place for place, step in enumerate(steps) if step.sync_text}
        assert synced == averaged_at(dialect, size, len(x))
        assert {step.sync_text for step in steps} == {"", "Syncing... Done!"}


MIXED = """[convolutional]
batch_normalize=1
filters=2
activation=linear
[deconvolutional]
filters=1
size=1
[local]
filters=1
size=1
[connected]
output=2
activation=linear
[softmax]
"""


def test_only_convolutional_and_connected_layers_are_averaged_and_no_statistics(net):
    def work(ranks):
        network = net(MIXED, h=2, w=2, options="batch=2\n")
        network.initialize()
        with torch.no_grad():
            for tensor in network.state_dict().values():
                tensor.fill_(ranks.rank)
        Apart(network, ranks).average()
        return {name: float(value.max()) for name, value in network.state_dict().items()}

    first, second = together(2, work)

    means = {name for name, value in first.items() if value == 0.5}
    assert means == {name for name, value in second.items() if value == 0.5}
    assert means == {
        "stack.0.weights",
        "stack.0.biases",
        "stack.0.norm.scales",
        "stack.3.weights",
        "stack.3.biases",
    }
    assert {second[name] for name in second.keys() - means} == {1.0}


def lessons(ranks, count: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return the images of a process in so many iterations, and their truth."""
    draws = torch.Generator().manual_seed(ranks.rank)
    return [
        (torch.rand(2, 3, 2, 2, generator=draws), torch.eye(2)[torch.arange(2) % 2])
        for _ in range(count)
    ]


def begun(net, ranks, dialect: str, options: str) -> Learner:
    """Return a learner at the start of a training."""
    network = net(MIXED, h=2, w=2, options=f"batch=2\nmax_batches=99\n{options}", dialect=dialect)
    network.initialize(torch.Generator().manual_seed(1))
    return Learner(network, seed=1, team=Apart(network, ranks))


def numbers_of(learner: Learner) -> tuple:
    """Return all that the next iteration depends on, as what can be compared to the last bit."""
    arrays = learner.network.state_dict() | learner.tensors()
    return learner.counts, {name: one.tolist() for name, one in arrays.items()}


@both_lineages
@pytest.mark.parametrize("options", ["", "adam=1\n", "ema_alpha=.9\n"])
@pytest.mark.parametrize(("size", "stop"), [(2, 1), (2, 3), (2, 4), (3, 2)])
def test_a_training_that_was_stopped_goes_on_to_the_same_bits(
    net, tmp_path, dialect, options, size, stop
):
    def whole(ranks):
        learner = begun(net, ranks, dialect, options)
        return [(learner.learn(*one), numbers_of(learner)) for one in lessons(ranks, 7)]

    def until(ranks):
        learner = begun(net, ranks, dialect, options)
        for one in lessons(ranks, stop):
            learner.learn(*one)
        learner.prepare_save(last=True)
        if ranks.first:
            learner.network.save_weights(tmp_path / "net.weights")
            state = learner.state(describe_run(learner.network, "train.txt", ""))
            write_state(tmp_path / "net.state", state)

    def rest(ranks):
        learner = begun(net, ranks, dialect, options)
        start = Start(describe_run(learner.network, "train.txt", "")) if ranks.first else Start({})
        if ranks.first:
            state = read_state(tmp_path / "net.state")
            assert unusable_tensor(learner.network, state.tensors) == ""
            start = replace(start, pair=Pair(tmp_path / "net.weights", state))
        resume(learner, start, None)
        start_together(learner, start)
        return [(learner.learn(*one), numbers_of(learner)) for one in lessons(ranks, 7)[stop:]]

    expected = together(size, whole)
    together(size, until)

    for ours, theirs in zip(together(size, rest), expected, strict=True):
        assert ours == theirs[stop:]


def test_a_save_on_the_way_leaves_out_what_was_averaged(net):
    def work(ranks):
        learner = begun(net, ranks, "alexeyab", "")
        learner.learn(*lessons(ranks, 1)[0])
        learner.prepare_save()
        return sorted(learner.state({}).tensors.keys() - learner.tensors().keys())

    first, second = together(2, work)

    names = [
        *(f"array.stack.0.norm.rolling_{one}" for one in ("mean", "variance")),
        *(f"array.stack.{n}.{one}" for n in (1, 2) for one in ("biases", "weights")),
        *(
            f"optimizer.momentum_buffer.stack.{n}.{one}"
            for n in range(4)
            for one in ("biases", "weights")
        ),
        "optimizer.momentum_buffer.stack.0.norm.scales",
    ]
    assert first == sorted(f"rank.1.{name}" for name in names)
    assert second == []
