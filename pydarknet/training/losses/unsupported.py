"""Layers that have a loss in the C programs but none here."""

from __future__ import annotations

from ...graph.head import Head
from ...layers.contrastive import Contrastive
from ...layers.iseg import Iseg
from .base import DeltaLoss, LossInputs, delta_loss, head_by_head


@delta_loss(Contrastive, Iseg)
@head_by_head
def unsupported_loss(layer: Contrastive | Iseg, head: Head, inputs: LossInputs) -> DeltaLoss:
    """Refuse to train a network with such a layer.

    Darknet: src/softmax_layer.c forward_contrastive_layer (AlexeyAB), src/iseg_layer.c
    """
    raise layer.error("cannot be trained: expected a network without it")
