"""Training: what a network loses, as gradients for autograd and as Darknet's printed numbers."""

from .deltas import DarknetCost, heads_of, losses_of, network_cost, to_minimise
from .losses import Lesson, Loss, loss_of, owns_cost

__all__ = [
    "DarknetCost",
    "Lesson",
    "Loss",
    "heads_of",
    "loss_of",
    "losses_of",
    "network_cost",
    "owns_cost",
    "to_minimise",
]
