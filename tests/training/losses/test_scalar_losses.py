"""The two forms of a loss train alike, and a loss gets all heads of its family at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
import torch
import torch.nn.functional as F
from loss_cases import inputs_of
from torch import Tensor, nn

from pydarknet.graph.head import Head
from pydarknet.layers import Layer, Shape
from pydarknet.layers.base import REGISTRY
from pydarknet.network import Network
from pydarknet.training import (
    DeltaLoss,
    LossInputs,
    ScalarLoss,
    delta_loss,
    head_by_head,
    losses_of,
    scalar_loss,
    to_minimise,
)
from pydarknet.training.learner import Learner

SIZE = Shape(c=3, h=8, w=8)


@dataclass(frozen=True, kw_only=True)
class ByHand(Layer):
    """A logistic head that is taught a delta."""

    head = True

    def module(self, *inputs: Shape) -> nn.Module:
        return nn.Sigmoid()


@dataclass(frozen=True, kw_only=True)
class ByAutograd(ByHand):
    """The same head, whose loss autograd differentiates."""


@dataclass(frozen=True, kw_only=True)
class Joint(ByHand):
    """A head that shares the truth with the others of its kind."""


@delta_loss(ByHand)
@head_by_head
def by_hand(layer: ByHand, head: Head, inputs: LossInputs) -> DeltaLoss:
    """Return cross entropy with its derivative by `raw`, which is output minus truth."""
    truth = inputs.truth.view_as(head.raw)
    cost = F.binary_cross_entropy(head.activated, truth, reduction="sum")
    return DeltaLoss(delta=truth - head.activated, cost=cost, line=lambda: "by hand")


@scalar_loss(ByAutograd)
@head_by_head
def by_autograd(layer: ByAutograd, head: Head, inputs: LossInputs) -> ScalarLoss:
    """Return the same cross entropy."""
    assert head.activated.dtype == torch.float32
    truth = inputs.truth.view_as(head.raw)
    cost = F.binary_cross_entropy(head.activated, truth, reduction="sum")
    return ScalarLoss(cost=cost, line=lambda: "by autograd")


@scalar_loss(Joint)
def joint(heads: Sequence[Head], inputs: LossInputs) -> list[ScalarLoss]:
    """Give each value of the truth to the head that is nearest to it."""
    errors = torch.stack([(head.activated - inputs.truth).square() for head in heads])
    nearest = errors.argmin(0)  # [N, outputs]
    return [
        ScalarLoss(cost=error[nearest == place].sum(), line=lambda place=place: f"joint {place}")
        for place, error in enumerate(errors)
    ]


@scalar_loss(ByHand, ByAutograd, when=lambda layer: layer.smooth > 0)
def smooth(heads: Sequence[Head], inputs: LossInputs) -> list[ScalarLoss]:
    """Say how many heads share this loss."""
    line = f"smooth, {len(heads)} heads"
    return [ScalarLoss(cost=head.activated.sum(), line=lambda: line) for head in heads]


@pytest.fixture(autouse=True)
def toy_sections(monkeypatch):
    """Let a cfg name the toy heads."""
    for layer in (ByHand, ByAutograd, Joint):
        monkeypatch.setitem(REGISTRY, layer.__name__, {None: layer})


def head_of(network: Network, index: int, raw: Tensor) -> Head:
    """Return a head that got `raw`."""
    return Head(network.nodes[index], raw, network.stack[index](raw))


def gradient(net: Callable[..., Network], name: str, options: str = "") -> Tensor:
    """Return what a head passes back for two images, where it passes anything."""
    network = net(f"[{name}]\n{options}", inputs=3)
    raw = torch.tensor([[0.5, -1.0, 2.0], [0.0, 1.0, 3.0]], requires_grad=True)
    truth = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    heads = [head_of(network, 0, raw)]
    total = to_minimise(heads, losses_of(heads, inputs_of(truth, SIZE)))
    [grad] = torch.autograd.grad(total, raw) if total.requires_grad else [torch.zeros(2, 3)]
    return grad


def test_a_scalar_passes_back_what_its_delta_would(net):
    torch.testing.assert_close(gradient(net, "ByAutograd"), gradient(net, "ByHand"))


def test_a_head_with_onlyforward_passes_nothing_of_its_scalar_back(net):
    assert gradient(net, "ByAutograd", "onlyforward=1").count_nonzero() == 0


def learned(
    net: Callable[..., Network], name: str, subdivisions: int, amp: torch.dtype | None = None
) -> tuple[float, Tensor]:
    """Return the loss of the second of two iterations, and the weights after them."""
    options = f"batch=4\nsubdivisions={subdivisions}\nlearning_rate=.1\nmax_batches=9\ndecay=.01"
    text = f"[connected]\noutput=3\nactivation=linear\n[{name}]\n"
    network = net(text, inputs=5, options=options)
    network.initialize(torch.Generator().manual_seed(1))
    learner = Learner(network, seed=1, amp=amp)
    images = torch.rand(4, 5, generator=torch.Generator().manual_seed(2))
    steps = [learner.learn(images, torch.eye(4)[:, :3]) for _ in range(2)]
    return steps[1].loss, network.stack[0].weights.detach()


@pytest.mark.parametrize("subdivisions", [1, 2])
def test_a_scalar_and_its_delta_train_alike(net, subdivisions):
    by_hand, by_autograd = (learned(net, name, subdivisions) for name in ("ByHand", "ByAutograd"))

    torch.testing.assert_close(by_autograd, by_hand)


def test_subdivisions_change_nothing_of_a_scalar_that_is_a_sum_over_images(net):
    torch.testing.assert_close(learned(net, "ByAutograd", 2), learned(net, "ByAutograd", 1))


def test_in_mixed_precision_a_scalar_trains_too(net):
    loss, _ = learned(net, "ByAutograd", 1, torch.bfloat16)

    assert loss == pytest.approx(learned(net, "ByAutograd", 1)[0], rel=0.01)


def test_a_family_shares_the_truth_among_its_heads(net):
    network = net("[Joint]\n[Joint]\n", inputs=2)
    first = torch.tensor([[3.0, -3.0]], requires_grad=True)
    second = torch.tensor([[2.0, -4.0]], requires_grad=True)
    heads = [head_of(network, 0, first), head_of(network, 1, second)]

    losses = losses_of(heads, inputs_of(torch.tensor([[1.0, 0.0]]), SIZE))
    to_minimise(heads, losses).backward()

    # sigmoid(3) is nearer to 1 than sigmoid(2), sigmoid(-4) nearer to 0 than sigmoid(-3)
    assert (first.grad != 0).tolist() == [[True, False]]
    assert (second.grad != 0).tolist() == [[False, True]]


def test_losses_are_in_the_order_of_heads_whatever_their_families(net):
    network = net("[Joint]\n[ByHand]\n[Joint]\n[ByAutograd]\n", inputs=2)
    heads = [head_of(network, index, torch.zeros(1, 2)) for index in range(4)]

    losses = losses_of(heads, inputs_of(torch.zeros(1, 2), SIZE))

    assert [loss.line() for loss in losses] == ["joint 0", "by hand", "joint 1", "by autograd"]


def test_layers_that_meet_a_condition_are_a_family_across_classes(net):
    text = "[ByHand]\nsmooth=.5\n[ByHand]\n[ByAutograd]\nsmooth=.1\n[ByAutograd]\n"
    network = net(text, inputs=2)
    heads = [head_of(network, index, torch.zeros(1, 2)) for index in range(4)]

    losses = losses_of(heads, inputs_of(torch.zeros(1, 2), SIZE))

    lines = [loss.line() for loss in losses]
    assert lines == ["smooth, 2 heads", "by hand", "smooth, 2 heads", "by autograd"]
