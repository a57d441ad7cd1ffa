"""What [softmax] and the original's [logistic] lose."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ...layers.logistic import Logistic
from ...layers.softmax import Softmax
from ...network import Head
from .base import DeltaLoss, LossInputs, delta_loss, head_by_head, zero_loss

SECRET: Final = -1234.0  # of a truth that says nothing
GUARD: Final = 1e-7


@delta_loss(Softmax)
@head_by_head
def softmax_loss(layer: Softmax, head: Head, inputs: LossInputs) -> DeltaLoss:
    """Teach the difference to the truth, and count surprise at every class that is true at all.

    Darknet: src/softmax_layer.c forward_softmax_layer_gpu, src/blas_kernels.cu softmax_x_ent_kernel
    Quirk: SOFTMAX_COST
    """
    if layer.noloss:
        return zero_loss(head)
    given = head.activated.detach()
    truth = inputs.truth.to(given.device).view_as(given)
    delta, lost = truth - given, torch.where(truth != 0, -given.log(), 0.0)
    if layer.hierarchy is not None:
        delta, lost = (torch.where(truth == SECRET, 0.0, part) for part in (delta, lost))
    return classified(head, delta, lost)


@delta_loss(Logistic)
@head_by_head
def logistic_loss(layer: Logistic, head: Head, inputs: LossInputs) -> DeltaLoss:
    """Teach the difference to the truth, and count cross entropy.

    Darknet: src/logistic_layer.c, src/blas_kernels.cu logistic_x_ent_kernel
    """
    given = head.activated.detach()
    truth = inputs.truth.to(given.device).view_as(given)
    lost = -truth * (given + GUARD).log() - (1 - truth) * (1 - given + GUARD).log()
    return classified(head, truth - given, lost)


def classified(head: Head, delta: Tensor, lost: Tensor) -> DeltaLoss:
    """Return a loss that the C prints nothing of."""
    return DeltaLoss(delta=delta.view_as(head.raw), cost=lost.sum())
