"""Deltas become gradients, costs of layers the network's; both as recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import exp
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import recording
from loss_cases import head_of, inputs_of, rows
from torch.amp import GradScaler

from pydarknet import load_network
from pydarknet.layers import Shape
from pydarknet.network import Network
from pydarknet.training import (
    DarknetCost,
    LossInputs,
    heads_of,
    losses_of,
    network_cost,
    to_minimise,
)
from pydarknet.training.deltas import set_delta_unit
from pydarknet.training.learner import Learner

SIZE = Shape(c=3, h=32, w=32)
YOLO = "[yolo]\nclasses=2\nnum=1\nanchors=16,16\n"
RECORDED = [
    ("train_pj_yolov3_bn", "pjreddie", 5, 0),
    ("train_pj_region_bn", "pjreddie", 5, 12800),
    ("train_pj_region_early", "pjreddie", 5, 0),
    ("train_pj_classifier_bn", "pjreddie", 0, 0),
    ("train_ab_v4tiny_ciou_bn_fixed", "alexeyab", 6, 0),
    ("train_ab_classifier_smooth_fixed", "alexeyab", 0, 0),
    ("train_ab_ciou_plain", "alexeyab", 6, 0),
    ("train_ab_mse_plain", "alexeyab", 6, 0),
]
recorded = pytest.mark.parametrize(("name", "dialect", "width", "seen"), RECORDED)
DECAY = 0.0005  # of all the recordings
PARTS = {"weights": "weight", "biases": "bias", "norm.scales": "scale"}


def test_forward_gives_the_printed_number_and_backward_the_step():
    raw = torch.tensor([1.0, 2.0], requires_grad=True)

    cost = DarknetCost.apply(raw, torch.tensor([3.0, -4.0]), torch.tensor(7.0))
    (2 * cost).backward()

    assert cost.item() == 7
    assert raw.grad.tolist() == [-6, 8]


def test_the_networks_cost_is_the_mean_of_its_heads():
    assert float(network_cost([torch.tensor(1.0), torch.tensor(4.0)])) == 2.5


def test_every_layer_that_owns_a_cost_is_found_with_what_it_got(net):
    network = net("[softmax]\n[cost]", inputs=2)

    softmax, cost = heads_of(network, torch.tensor([[0.0, 0.0]]))

    assert (softmax.node.index, cost.node.index) == (0, 1)
    assert cost.raw.tolist() == [[0.5, 0.5]]


def test_the_steps_of_heads_are_added_and_not_divided(net):
    network = net(YOLO, c=7, h=1, w=1)
    head = head_of(network, [0.0] * 7)
    head.raw.requires_grad_()
    losses = losses_of([head, head], inputs_of(rows([]), SIZE))

    total = to_minimise([head, head], losses)
    total.backward()

    assert total.item() == 0.5
    assert head.raw.grad.flatten().tolist() == [0, 0, 0, 0, 2 * 0.5, 0, 0]


class Iteration:
    """The first iteration of a recording: two mini-batches, forward and backward."""

    def __init__(self, folder: Path, dialect: str, width: int, seen: int) -> None:
        network = load_network(
            folder / "net.cfg", folder / "init.weights", dialect=dialect, batchnorm="cpu"
        )
        self.before = {name: value.clone() for name, value in network.state_dict().items()}
        self.network = network.train()
        images = torch.from_numpy(np.load(folder / "X.npy"))
        truth = torch.from_numpy(np.load(folder / "truth.npy"))
        truth = truth.unflatten(1, (-1, width)) if width else truth
        self.heads, self.losses = [], []
        for part in range(2):
            batch = slice(2 * part, 2 * part + 2)
            heads = heads_of(network, images[batch])
            inputs = loss_inputs(truth[batch], network, seen + 2 * part + 2)
            losses = losses_of(heads, inputs)
            to_minimise(heads, losses).backward()
            self.heads.append(heads)
            self.losses.append(losses)

    @property
    def loss(self) -> float:
        """The loss of an image, as the program prints it."""
        costs = [network_cost([loss.cost for loss in losses]) for losses in self.losses]
        return float(sum(costs)) / 4


def loss_inputs(truth: torch.Tensor, network: Network, seen: int) -> LossInputs:
    """Return what the losses of a mini-batch are given."""
    return LossInputs(truth=truth, size=network.input, seen=seen, batch=1, max_batches=5)


@pytest.fixture(scope="module")
def played():
    """Return the first iteration of a recording, once for all tests."""
    cache: dict[str, Iteration] = {}

    def play(name: str, dialect: str, width: int, seen: int) -> tuple[Path, Iteration]:
        folder = recording(name)
        if name not in cache:
            cache[name] = Iteration(folder, dialect, width, seen)
        return folder, cache[name]

    return play


@recorded
def test_the_loss_of_the_first_iteration_is_the_recorded_one(played, name, dialect, width, seen):
    folder, iteration = played(name, dialect, width, seen)

    wanted = json.loads((folder / "losses.json").read_text())[0]["loss"]
    assert iteration.loss == pytest.approx(wanted, rel=1e-5)


@recorded
def test_heads_give_and_pass_back_the_recorded_numbers(played, name, dialect, width, seen):
    folder, iteration = played(name, dialect, width, seen)

    files = sorted(folder.glob("head*_delta.npy"))
    assert files
    for file in files:
        index, part = numbers_of(file.name)
        [place] = [i for i, head in enumerate(iteration.heads[part]) if head.node.index == index]
        given = torch.from_numpy(np.load(str(file).replace("delta", "output")))
        delta = torch.from_numpy(np.load(file))
        head, loss = iteration.heads[part][place], iteration.losses[part][place]
        torch.testing.assert_close(head.activated.flatten(), given, atol=5e-6, rtol=1e-5)
        torch.testing.assert_close(loss.delta.flatten(), delta, atol=5e-6, rtol=1e-5)


def numbers_of(name: str) -> tuple[int, int]:
    """Return the layer and the mini-batch of a recorded head."""
    head, _, part, _ = name.split("_")
    return int(head.removeprefix("head")), int(part.removeprefix("sub").replace("last", "1")[:1])


@recorded
def test_gradients_are_the_recorded_updates(played, name, dialect, width, seen):
    folder, iteration = played(name, dialect, width, seen)
    updates = np.load(folder / "params_after_iter1.npz")

    compared = 0
    for key, parameter in iteration.network.named_parameters():
        index, part = key.removeprefix("stack.").split(".", 1)
        array = f"l{index}_{PARTS[part]}_updates"
        if array in updates:
            grown = -parameter.grad  # batch size 4, momentum .9
            if part == "weights":
                grown = grown - DECAY * 4 * iteration.before[key]
            wanted = torch.from_numpy(updates[array]) / 0.9
            room = 2e-5 * float(wanted.abs().max()) + 1e-7
            torch.testing.assert_close(grown.flatten(), wanted, atol=room, rtol=0)
            compared += 1
    assert compared >= 5


@recorded
def test_rolling_statistics_are_the_recorded_ones(played, name, dialect, width, seen):
    folder, iteration = played(name, dialect, width, seen)
    after = load_network(folder / "net.cfg", folder / "iter1.weights", dialect=dialect)

    ours, theirs = dict(iteration.network.named_buffers()), dict(after.named_buffers())
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=3e-5)


def pulled_steps(net: Callable[..., Network], options: str) -> list[float]:
    """Return the steps of the two biases that [l2norm] normalises to (0.6, 0.8), at a rate of 1."""
    text = "[convolutional]\nfilters=2\nsize=1\nactivation=linear\n[l2norm]\n[softmax]"
    options = f"learning_rate=1\nmomentum=0\ndecay=0\nburn_in=0\npolicy=constant\n{options}"
    network = net(text, c=1, h=1, w=1, options=options)
    network.initialize()
    [biases] = [array for name, array in network.named_parameters() if "bias" in name]
    biases.data.copy_(torch.tensor([3.0, 4.0]))
    truth = torch.tensor([[0.0, 1.0]]).repeat(4, 1)
    Learner(network, seed=1).learn(torch.zeros(4, 1, 1, 1), truth)
    return (biases.detach() - torch.tensor([3.0, 4.0])).tolist()


def test_what_a_layer_adds_to_deltas_counts_once_an_image(net):
    share = 1 / (1 + exp(0.2))  # of the first class, e^0.6 beside e^0.8
    expected = [-share + (1 - 0.6) / 5, share + (1 - 0.8) / 5]

    for parts in (1, 2):
        steps = pulled_steps(net, f"batch=4\nsubdivisions={parts}")
        assert steps == pytest.approx(expected, abs=1e-5)


def test_gradients_in_float16_and_those_of_adam_have_their_own_unit(net):
    network = net("[l2norm]\n[softmax]", c=2, h=1, w=1)

    set_delta_unit(network, GradScaler("cpu", init_scale=1024.0), 4)

    assert network.stack[0].delta_unit == 256
