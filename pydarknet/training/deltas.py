"""How the losses of heads become one number to minimise, and one number to report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.amp import GradScaler

from ..graph.executor import Executor
from ..graph.head import Head
from ..layers import Layer
from ..modules.output_deltas import DeltaAdder
from .losses import DeltaLoss, Family, Loss, LossInputs, family_of, owns_cost


class DarknetCost(torch.autograd.Function):
    """Darknet's cost of one head: forward returns the printed number, backward minus the delta.

    Darknet computes the delta by hand. The number that it prints is often the sum of the delta's
    squares, for the IoU losses something else: the delta is not its gradient.

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


def heads_of(network: Executor, images: Tensor) -> list[Head]:
    """Run a network; return a Head for every layer that owns a cost.

    Unlike `Network.forward`, this includes layers whose output another layer reads.
    """
    return [
        Head.of(node, inputs, output)
        for node, inputs, output in network.steps(images)
        if owns_cost(node.layer)
    ]


def losses_of(heads: Sequence[Head], inputs: LossInputs) -> list[Loss]:
    """Return the loss of each head, in their order; a family gets all of its heads at once."""
    families: dict[Family, list[int]] = {}
    for place, head in enumerate(heads):
        families.setdefault(required_family(head.node.layer), []).append(place)
    losses: dict[int, Loss] = {}
    for family, places in families.items():
        found = family.losses([heads[place] for place in places], inputs)
        assert all(isinstance(loss, family.form) for loss in found)
        losses.update(zip(places, found, strict=True))
    return [losses[place] for place in range(len(heads))]


def required_family(layer: Layer) -> Family:
    """Return the family of a layer. Raises the layer's error if it has none."""
    if (family := family_of(layer)) is None:
        raise layer.error("has no loss here: cannot be trained")
    return family


def to_minimise(heads: Sequence[Head], losses: Sequence[Loss]) -> Tensor:
    """Return the sum of the heads' costs: its backward gives each head its gradient, undivided.

    Darknet: src/network.c backward_network
    """
    costs = [differentiable_cost(*pair) for pair in zip(heads, losses, strict=True)]
    return torch.stack(costs).sum()


def differentiable_cost(head: Head, loss: Loss) -> Tensor:
    """Return a cost whose backward is `-delta` of a DeltaLoss, or the gradient of a ScalarLoss."""
    if isinstance(loss, DeltaLoss):
        cost: Tensor = DarknetCost.apply(head.raw, loss.delta, loss.cost)
        return cost
    return loss.cost


def set_delta_unit(network: Executor, scaler: GradScaler, divisor: int) -> None:
    """Tell modules that add to deltas what gradients are: deltas times scale / -divisor."""
    adders = [module for module in network.stack if isinstance(module, DeltaAdder)]
    if adders:  # asking for the scale waits for the GPU
        unit = scaler.get_scale() / divisor
        for module in adders:
            module.delta_unit = unit


def network_cost(costs: Sequence[Tensor]) -> Tensor:
    """Return the cost of a mini-batch: the mean over the layers that own one.

    Darknet: src/network.c calc_network_cost
    Quirk: MEAN_OF_HEADS
    """
    return torch.stack([cost.detach() for cost in costs]).mean()
