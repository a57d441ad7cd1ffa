"""The hardest negatives: of the slots without a box, only the worst have an objectness delta."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import torch
from torch import Tensor

from ...graph.head import Head
from ...layers.anchor_head import AnchorHead
from .base import DeltaLoss, FamilyLoss, LossInputs, zero_loss
from .matcher import Matches


@dataclass(frozen=True)
class Written:
    """A head whose deltas are written: those of objectness, what is matched, and its loss.

    `objectness` [N, anchors, H, W] is a view of the deltas. `loss` is called when all are final.
    """

    layer: AnchorHead
    objectness: Tensor
    matched: Sequence[Matches]
    loss: Callable[[], DeltaLoss]

    @property
    def positive(self) -> Tensor:
        """Which slots a box is matched with, bool [N, anchors, H, W]."""
        mask = torch.zeros_like(self.objectness, dtype=torch.bool)
        for matches in self.matched:
            mask[tuple(matches.slots)] = True
        return mask


def with_negatives(write: Callable[[Any, Head, LossInputs], Written]) -> FamilyLoss:
    """Make the loss of a family from what writes one head's deltas; `neg_ratio` sees all heads.

    Heads with `onlyforward` are not written, and have no loss.
    """

    @wraps(write)
    def losses(heads: Sequence[Head], inputs: LossInputs) -> list[DeltaLoss]:
        written = [
            None if layer.onlyforward else write(layer, head, inputs)
            for head in heads
            for layer in [head.node.layer]
        ]
        keep_hardest([one for one in written if one])
        pairs = zip(heads, written, strict=True)
        return [one.loss() if one else zero_loss(head) for head, one in pairs]

    return losses


def keep_hardest(heads: Sequence[Written]) -> None:
    """Zero negative objectness deltas but the largest: `neg_ratio` for each positive of an image.

    All heads of the image count together. With a ratio of 0 nothing is zeroed. Raises CfgError for
    heads whose ratios differ.

    Liu et al., SSD: Single Shot MultiBox Detector, arXiv 1512.02325
    """
    for one in heads:
        if one.layer.neg_ratio != heads[0].layer.neg_ratio:
            problem = f"expected {heads[0].layer.neg_ratio:g}, as in the first head"
            raise one.layer.section.option_error("neg_ratio", problem)
    if not heads or not heads[0].layer.neg_ratio:
        return
    every = torch.cat([one.objectness.flatten(1) for one in heads], 1)  # [N, S]
    positive = torch.cat([one.positive.flatten(1) for one in heads], 1)
    negative = (every < 0) & ~positive
    count = (heads[0].layer.neg_ratio * positive.sum(1, keepdim=True)).long()
    worst = torch.where(negative, every, 0).argsort(stable=True, dim=1)
    gone = negative & (worst.argsort(1) >= count)
    sizes = [one.objectness[0].numel() for one in heads]
    for one, mask in zip(heads, gone.split(sizes, 1), strict=True):
        one.objectness.masked_fill_(mask.view_as(one.objectness), 0)
