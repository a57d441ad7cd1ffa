"""The losses of [softmax] and of the original's [logistic]."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ...graph.head import Head
from ...layers.logistic import Logistic
from ...layers.softmax import Softmax
from .base import DeltaLoss, LossInputs, delta_loss, head_by_head, zero_loss
from .smoothing import smooth

MASKED: Final = -1234.0  # a target that does not count; the C's SECRET_NUM
EPSILON: Final = 1e-7  # keeps logs finite


@delta_loss(Softmax)
@head_by_head
def softmax_loss(layer: Softmax, head: Head, inputs: LossInputs) -> DeltaLoss:
    """Return target minus output as delta, and -ln p of every class whose target is not 0.

    `label_smooth_eps` makes the targets of the delta smooth; the cost stays that of the true class.

    Darknet: src/softmax_layer.c forward_softmax_layer_gpu, src/blas_kernels.cu softmax_x_ent_kernel
    Quirk: SOFTMAX_COST
    """
    if layer.noloss:
        return zero_loss(head)
    output = head.activated.detach()
    target = inputs.targets(layer, output)
    rivals = [size for size in layer.sizes(output[0].numel()) for _ in range(size)]
    goal = smooth(target, layer.label_smooth_eps, rivals)
    delta, costs = goal - output, torch.where(target != 0, -output.log(), 0.0)
    if layer.hierarchy is not None:
        delta, costs = (torch.where(target == MASKED, 0.0, part) for part in (delta, costs))
    return loss_of(head, delta, costs)


@delta_loss(Logistic)
@head_by_head
def logistic_loss(layer: Logistic, head: Head, inputs: LossInputs) -> DeltaLoss:
    """Return target minus output as delta, and the cross entropy as cost.

    Darknet: src/logistic_layer.c, src/blas_kernels.cu logistic_x_ent_kernel
    """
    output = head.activated.detach()
    target = inputs.targets(layer, output)
    costs = -target * (output + EPSILON).log() - (1 - target) * (1 - output + EPSILON).log()
    return loss_of(head, target - output, costs)


def loss_of(head: Head, delta: Tensor, costs: Tensor) -> DeltaLoss:
    """Return the loss of a head from the deltas and the costs of its outputs."""
    return DeltaLoss(delta=delta.view_as(head.raw), cost=costs.sum())
