"""Layers that own a cost in the C, which this program does not know."""

from __future__ import annotations

from ...layers.contrastive import Contrastive
from ...layers.iseg import Iseg
from ...network import Head
from .base import Lesson, Loss, loss_of


@loss_of.register(Contrastive)
@loss_of.register(Iseg)
def refused(layer: Contrastive | Iseg, head: Head, lesson: Lesson) -> Loss:
    """Say that the network cannot be trained.

    Darknet: src/softmax_layer.c forward_contrastive_layer (AlexeyAB), src/iseg_layer.c
    """
    raise layer.error("cannot be trained: expected a network without it")
