"""Training: the losses of heads, as gradients for autograd and as Darknet's printed numbers."""

from .deltas import DarknetCost, heads_of, losses_of, network_cost, to_minimise
from .losses import (
    DeltaLoss,
    Loss,
    LossInputs,
    ScalarLoss,
    delta_loss,
    head_by_head,
    owns_cost,
    scalar_loss,
)

__all__ = [
    "DarknetCost",
    "DeltaLoss",
    "Loss",
    "LossInputs",
    "ScalarLoss",
    "delta_loss",
    "head_by_head",
    "heads_of",
    "losses_of",
    "network_cost",
    "owns_cost",
    "scalar_loss",
    "to_minimise",
]
