"""How far a probability is pulled to its target: as Darknet does, or as focal loss does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from ...layers.detection_head import FocalOptions


@dataclass(frozen=True)
class Pull:
    """The deltas of logistic outputs. Without `alpha`, target minus probability."""

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


PLAIN: Final = Pull()
