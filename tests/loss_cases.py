"""What tests of losses share: the last layer of a network with given inputs and ground truth, and
focal loss in the words of its paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from pydarknet.graph.head import Head
from pydarknet.layers import Shape
from pydarknet.network import Network
from pydarknet.training import DeltaLoss, LossInputs, losses_of


def head_of(network: Network, numbers: Iterable[float] | Tensor) -> Head:
    """Return the last layer with its input, given in memory order."""
    node = network.nodes[-1]
    raw = torch.as_tensor(list(numbers) if not isinstance(numbers, Tensor) else numbers)
    raw = raw.float().view(-1, *node.inputs[0].tensor)
    with torch.no_grad():
        return Head(node, raw, network.stack[-1](raw))


def inputs_of(truth: Tensor, size: Shape, *, seen: int = 20000, seed: int = 0) -> LossInputs:
    """Return the inputs of losses, at a time after heads learn the sizes of their anchors."""
    generator = torch.Generator().manual_seed(seed)
    return LossInputs(
        truth=truth, size=size, seen=seen, batch=1, max_batches=10, generator=generator
    )


def head_loss(head: Head, inputs: LossInputs) -> DeltaLoss:
    """Return the loss of one head in Darknet's form."""
    [loss] = losses_of([head], inputs)
    assert isinstance(loss, DeltaLoss)
    return loss


def rows(*images: Sequence[Sequence[float]], width: int = 5) -> Tensor:
    """Return the ground truth of images as rows x, y, w, h, class, padded with rows of zeros."""
    truth = torch.zeros(len(images), 1 + max(map(len, images)), width)
    for image, boxes in enumerate(images):
        for row, box in enumerate(boxes):
            truth[image, row, : len(box)] = torch.tensor(box)
    return truth


def loss_of(
    network: Network,
    numbers: Iterable[float] | Tensor,
    *images: Sequence[Sequence[float]],
    side: int = 32,
    seen: int = 20000,
) -> DeltaLoss:
    """Return the last layer's loss for the ground truth of images, at `side` x `side`."""
    head = head_of(network, numbers)
    size = Shape(c=3, h=side, w=side)
    return head_loss(head, inputs_of(rows(*images), size, seen=seen))


def delta(loss: DeltaLoss) -> list[float]:
    """Return the delta in memory order, rounded to six digits."""
    return [round(value, 6) + 0.0 for value in loss.delta.flatten().tolist()]


def check_max(cell: Callable[[str], Network], numbers: Sequence[float]) -> None:
    """Assert that a cell of a head with max=1 learns the first of two boxes alone."""
    both = [(0.5, 0.5, 0.25, 0.5, 0), (0.5, 0.5, 0.5, 0.5, 1)]

    one, first, every = (
        delta(loss_of(cell(options), numbers, boxes))
        for options, boxes in (("max=1", both), ("", both[:1]), ("", both))
    )

    assert one == first != every


def check_map(cell: Callable[[str], Network], numbers: Sequence[float], folder: Path) -> None:
    """Assert that a cell, whose last two numbers are classes of .5, learns the class of its map."""
    path = folder / "classes.map"
    path.write_text("1\n0\n")

    loss = loss_of(cell(f"map={path}"), numbers, [(0.5, 0.5, 0.5, 0.5, 0)])

    assert delta(loss)[-2:] == [-0.5, 0.5]


def focal_loss(raw: Tensor, target: Tensor | float, alpha: float, gamma: float) -> Tensor:
    """Return the focal loss of raw values, by the formula of the paper."""
    one = -alpha * (1 - raw.sigmoid()) ** gamma * logsigmoid(raw)
    zero = -(1 - alpha) * raw.sigmoid() ** gamma * logsigmoid(-raw)
    return target * one + (1 - target) * zero


def focal_slope(raw: Tensor, target: Tensor | float, alpha: float, gamma: float) -> Tensor:
    """Return its derivative, by autograd."""
    raw = raw.clone().requires_grad_()
    return torch.autograd.grad(focal_loss(raw, target, alpha, gamma).sum(), raw)[0]
