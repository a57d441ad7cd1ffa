"""What [cost] loses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from ...layers.cost import Cost
from ...network import Head
from .base import DeltaLoss, LossInputs, delta_loss, head_by_head
from .softmax import SECRET


@delta_loss(Cost)
@head_by_head
def cost_loss(layer: Cost, head: Head, inputs: LossInputs) -> DeltaLoss:
    """Compare the layer's input with the truth; `scale` counts in the step alone.

    Darknet: src/cost_layer.c forward_cost_layer_gpu, backward_cost_layer_gpu
    Quirk: COST_RATIO
    """
    given = head.raw.detach().flatten(1)
    truth = inputs.truth.to(given.device).view_as(given)
    if layer.smooth:
        truth = truth * (1 - layer.smooth) + layer.smooth / given.shape[1]
    delta, lost = TYPES[layer.type](layer, given, truth)
    if layer.thresh:
        delta = torch.where(delta.square() < (layer.thresh / given.shape[1]) ** 2, 0.0, delta)
    return DeltaLoss(delta=(layer.scale * delta).view_as(head.raw), cost=lost.sum())


def sse(layer: Cost, given: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Return differences and their squares.

    Darknet: src/blas_kernels.cu l2_kernel
    """
    return truth - given, (truth - given).square()


def masked(layer: Cost, given: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Return the same, but nothing where the truth says nothing.

    Darknet: src/cost_layer.c forward_cost_layer
    Quirk: COST_MASKED
    """
    return sse(layer, torch.where(truth == SECRET, truth, given), truth)


def smooth(layer: Cost, given: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Return differences of at most 1 and their squares, which grow linearly beyond it.

    Darknet: src/blas_kernels.cu smooth_l1_kernel
    Quirk: COST_SMOOTH
    """
    off = truth - given
    near, size = off.abs() < 1, off.abs()
    return torch.where(near, off, signs(off > 0)), torch.where(near, size.square(), 2 * size - 1)


def l1(layer: Cost, given: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Return signs of differences and their sizes; what is right counts as too large.

    Darknet: src/blas_kernels.cu l1_kernel
    """
    return signs(truth > given), (truth - given).abs()


def seg(layer: Cost, given: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Return differences and their squares, times `noobj` where the truth is 0.

    Darknet: src/cost_layer.c forward_cost_layer_gpu
    """
    weight = torch.where(truth == 0, layer.noobj, 1.0)
    return weight * (truth - given), weight * (truth - given).square()


def wgan(layer: Cost, given: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Return the direction that makes true ones greater and others less, and how far they are.

    Darknet: src/blas_kernels.cu wgan_kernel
    """
    return signs(truth > 0), torch.where(truth != 0, -given, given)


def signs(positive: Tensor) -> Tensor:
    """Return 1.0 and -1.0."""
    return positive.float() * 2 - 1


TYPES: Final[dict[str, Callable[[Cost, Tensor, Tensor], tuple[Tensor, Tensor]]]] = {
    "sse": sse,
    "masked": masked,
    "smooth": smooth,
    "L1": l1,
    "seg": seg,
    "wgan": wgan,
}
