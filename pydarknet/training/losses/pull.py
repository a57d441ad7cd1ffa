"""How far a probability is pulled to its target, and the loss: Darknet's, or focal loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from ...layers.detection_head import FocalOptions


@dataclass(frozen=True)
class Pull:
    """The deltas of logistic outputs, and their loss. Without `alpha`, that is cross entropy."""

    alpha: float | None = None  # the weight of what is there; 1 - alpha that of what is not
    gamma: float = 0.0  # how fast deltas fade as the right answer grows certain

    @classmethod
    def of(cls, layer: FocalOptions) -> Pull:
        """Read a head's options."""
        return cls(*layer.focal) if layer.focal else cls()

    def toward(self, target: Tensor | float, p: Tensor) -> Tensor:
        """Return the deltas of raw values whose logistic is `p`, to a target in 0..1.

        They are minus the derivative of the loss: between 0 and 1, of the losses of both, weighted.

        Lin et al., Focal Loss for Dense Object Detection, arXiv 1708.02002
        """
        if self.alpha is None:
            return target - p
        one = self.alpha * (1 - p) ** self.gamma * (1 - p - self.gamma * torch.xlogy(p, p))
        return target * one + (1 - target) * self.toward_zero(p)

    def toward_zero(self, p: Tensor) -> Tensor:
        """Return the same to the target 0."""
        if self.alpha is None:
            return -p
        rest = 1 - p
        return (self.alpha - 1) * p**self.gamma * (p - self.gamma * torch.xlogy(rest, rest))

    def loss(self, target: Tensor, raw: Tensor) -> Tensor:
        """Return the loss of raw values, whose derivative is minus `toward`.

        Lin et al., Focal Loss for Dense Object Detection, arXiv 1708.02002
        """
        if self.alpha is None:
            return F.binary_cross_entropy_with_logits(raw, target, reduction="none")
        one, zero = focal_loss(raw, self.gamma), focal_loss(-raw, self.gamma)
        return self.alpha * target * one + (1 - self.alpha) * (1 - target) * zero


def focal_loss(raw: Tensor, gamma: float) -> Tensor:
    """Return the focal loss of raw values whose target is 1, without its weight alpha.

    That of -raw is of the target 0. A power is one of e: its gradient is finite everywhere.

    Lin et al., Focal Loss for Dense Object Detection, arXiv 1708.02002
    """
    return (gamma * F.logsigmoid(-raw)).exp() * -F.logsigmoid(raw)


PLAIN: Final = Pull()
