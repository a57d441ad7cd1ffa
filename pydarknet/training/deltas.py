"""How Darknet's deltas become gradients, and the costs of its layers the network's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ..network import Head, Network
from .losses import Lesson, Loss, loss_of, owns_cost


class DarknetCost(torch.autograd.Function):
    """Darknet's cost of one head: a printed number, and a step that is not its gradient.

    Darknet writes the step it wants straight into `delta`, and prints a number of its own: often
    the sum of its squares, for the IoU losses something else. Neither follows from the other:
    forward gives the printed number, backward the step.

    Darknet: src/yolo_layer.c forward_yolo_layer, backward_yolo_layer
    Quirk: COST_IS_NO_LOSS
    """

    @staticmethod
    def forward(ctx: Any, raw: Tensor, delta: Tensor, cost: Tensor) -> Tensor:
        ctx.save_for_backward(delta)
        return cost.clone()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        (delta,) = ctx.saved_tensors
        return -grad * delta, None, None


def heads_of(network: Network, images: Tensor) -> list[Head]:
    """Run a network and return every layer that owns a cost, with what it got and gave.

    Unlike `Network.forward`, it returns layers that are no outputs too.
    """
    return [
        Head(node, inputs[0], output)
        for node, inputs, output in network.steps(images)
        if owns_cost(node.layer)
    ]


def losses_of(heads: Sequence[Head], lesson: Lesson) -> list[Loss]:
    """Return what each head loses."""
    return [loss_of(head.node.layer, head, lesson) for head in heads]


def to_minimise(heads: Sequence[Head], losses: Sequence[Loss]) -> Tensor:
    """Return the sum of the heads' costs, whose backward passes on their deltas, undivided.

    Darknet: src/network.c backward_network
    """
    costs = [
        DarknetCost.apply(head.raw, loss.delta, loss.cost)
        for head, loss in zip(heads, losses, strict=True)
    ]
    return torch.stack(costs).sum()


def network_cost(costs: Sequence[Tensor]) -> Tensor:
    """Return the cost of a mini-batch: the mean over the layers that own one.

    Darknet: src/network.c calc_network_cost
    Quirk: MEAN_OF_HEADS
    """
    return torch.stack(list(costs)).mean()
