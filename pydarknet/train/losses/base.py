"""What every loss is: a head and what it should have said give a step and a printed number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, singledispatch

import torch
from torch import Tensor

from ...layers import Layer, Shape
from ...network import Head


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What a mini-batch should have given, and when in the training.

    `truth` is float32: [N, max, 5 or more] rows of x, y, w, h, class for heads with anchors, where
    the first row whose x is 0 ends an image's; [N, side * side * (1 + classes + 4)] for YOLOv1's;
    [N, outputs] for classifiers and costs.
    """

    truth: Tensor
    size: Shape  # the network's input now
    seen: int  # images, this mini-batch included
    batch: int  # the number of the iteration, from 1
    max_batches: int
    generator: torch.Generator | None = None  # on the CPU, for heads that draw

    @cached_property
    def rows(self) -> Tensor:
        """The rows of truth that any image uses, on the CPU: [N, T, 5 or more].

        A GPU is waited for here, once for all heads; a loader's own CPU tensor costs nothing.
        """
        rows = self.truth.detach().cpu()
        used = (rows[..., 0] != 0).cumprod(1).sum(1)
        return rows[:, : int(used.max())] if rows.numel() else rows


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What a head lost in a mini-batch, in Darknet's terms: the step it takes is no gradient.

    `delta` is what the C adds to the delta of the layer before, of the shape of the head's `raw`;
    `cost` the number it reports, 0-dim. `told` makes the line it prints, "" if none, and waits
    for a GPU; the fork's yolo heads print to stderr.
    """

    delta: Tensor
    cost: Tensor
    told: Callable[[], str]
    on_stderr: bool = False
    boxes: Tensor | None = None  # int64 [2]: the fork's total_bbox and rewritten_bbox


@singledispatch
def loss_of(layer: Layer, head: Head, lesson: Lesson) -> Loss:
    """Return what a layer loses by its class; an error of a layer that owns no cost."""
    raise layer.error("has no loss here: cannot be trained")


def owns_cost(layer: Layer) -> bool:
    """Return whether a layer has a cost in the C, which the network's is the mean of.

    Darknet: src/network.c calc_network_cost
    """
    return loss_of.dispatch(type(layer)) is not loss_of.dispatch(object)


def untaught(head: Head) -> Loss:
    """Return the loss of a head with `onlyforward`: it owns a cost, which stays zero.

    Darknet: src/yolo_layer.c forward_yolo_layer_gpu
    """
    zero = torch.zeros_like(head.raw)
    return Loss(delta=zero, cost=zero.new_zeros(()), told=nothing)


def nothing() -> str:
    """Say nothing."""
    return ""


def printed(value: float, digits: int = 6) -> str:
    """Return a number as the C prints it: 0 / 0 is -nan."""
    return "-nan" if value != value else f"{value:.{digits}f}"
