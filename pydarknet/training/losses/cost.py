"""The loss of [cost]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from ...graph.head import Head
from ...layers.cost import Cost
from .base import DeltaLoss, LossInputs, delta_loss, head_by_head
from .softmax import MASKED


@delta_loss(Cost)
@head_by_head
def cost_loss(layer: Cost, head: Head, inputs: LossInputs) -> DeltaLoss:
    """Return the loss of `type` on the layer's input. `scale` counts in the delta only.

    Darknet: src/cost_layer.c forward_cost_layer_gpu, backward_cost_layer_gpu
    Quirk: COST_RATIO
    """
    output = head.raw.detach().flatten(1)  # [N, outputs]
    target = inputs.targets(layer, output)
    if layer.smooth:
        target = target * (1 - layer.smooth) + layer.smooth / output.shape[1]
    delta, costs = TYPES[layer.type](layer, output, target)
    if layer.thresh:
        delta = torch.where(delta.square() < (layer.thresh / output.shape[1]) ** 2, 0.0, delta)
    return DeltaLoss(delta=(layer.scale * delta).view_as(head.raw), cost=costs.sum())


def sse(layer: Cost, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return differences, and their squares as costs.

    Darknet: src/blas_kernels.cu l2_kernel
    """
    return target - output, (target - output).square()


def masked(layer: Cost, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return the same, but 0 where the target is masked.

    Darknet: src/cost_layer.c forward_cost_layer
    Quirk: COST_MASKED
    """
    return sse(layer, torch.where(target == MASKED, target, output), target)


def smooth(layer: Cost, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return differences clipped to 1, and their squares, which grow linearly beyond 1.

    Darknet: src/blas_kernels.cu smooth_l1_kernel
    Quirk: COST_SMOOTH
    """
    off = target - output
    near, size = off.abs() < 1, off.abs()
    return torch.where(near, off, signs(off > 0)), torch.where(near, size.square(), 2 * size - 1)


def l1(layer: Cost, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return signs of differences, and their absolute values. No difference has the sign -1.

    Darknet: src/blas_kernels.cu l1_kernel
    """
    return signs(target > output), (target - output).abs()


def seg(layer: Cost, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return differences and their squares, times `noobj` where the target is 0.

    Darknet: src/cost_layer.c forward_cost_layer_gpu
    """
    weight = torch.where(target == 0, layer.noobj, 1.0)
    return weight * (target - output), weight * (target - output).square()


def wgan(layer: Cost, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return deltas that raise outputs of positive targets and lower others, and their costs.

    Darknet: src/blas_kernels.cu wgan_kernel
    Quirk: COST_WGAN
    """
    return signs(target > 0), torch.where(target != 0, -output, output)


def signs(positive: Tensor) -> Tensor:
    """Return 1.0 where `positive` is true, else -1.0."""
    return positive.float() * 2 - 1


TYPES: Final[dict[str, Callable[[Cost, Tensor, Tensor], tuple[Tensor, Tensor]]]] = {
    "sse": sse,
    "masked": masked,
    "smooth": smooth,
    "L1": l1,
    "seg": seg,
    "wgan": wgan,
}
