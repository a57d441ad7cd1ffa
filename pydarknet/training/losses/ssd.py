"""The loss of [ssd]: cross entropy of the hardest default boxes, and the distance of the boxes."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ...graph.head import Head
from ...layers.ssd import Ssd
from .anchor_match import Learned
from .base import LossInputs, ScalarLoss, head_by_head, scalar_loss
from .map_heads import log_line


@scalar_loss(Ssd)
@head_by_head
def ssd_loss(layer: Ssd, head: Head, inputs: LossInputs) -> ScalarLoss:
    """Return N times the loss of a mini-batch of N images, divided by its matched default boxes.

    Source: Liu et al. 2016, arXiv 1512.02325; torchvision, models/detection/ssd.py compute_loss
    """
    learned = Learned.of(head, inputs)
    images, matched = inputs.totals((len(learned.matched), len(learned.place)))
    count = max(matched, 1)
    classes = layer.cls_normalizer * class_loss(learned, layer.neg_ratio) / count
    boxes = layer.iou_normalizer * learned.box_losses(layer.iou_loss).sum() / count
    figures = torch.stack([learned.overlap(), classes.detach(), boxes.detach()])
    return ScalarLoss(
        cost=images * (classes + boxes),
        line=lambda: log_line("Ssd", head.node.index, len(learned.place), figures),
        on_stderr=True,
    )


def class_loss(learned: Learned, neg_ratio: float) -> Tensor:
    """Return the sum of cross entropies of the default boxes that learn a box or are hardest."""
    wanted = torch.zeros_like(learned.matched)  # the background
    wanted[learned.image, learned.place] = learned.classes + 1
    entropy = F.cross_entropy(learned.scores, wanted, reduction="none")  # [N, P]
    positive = learned.matched >= 0
    kept = positive | hardest(entropy.detach(), positive, neg_ratio) if neg_ratio else wanted >= 0
    return entropy[kept].sum()


def hardest(entropy: Tensor, positive: Tensor, neg_ratio: float) -> Tensor:
    """Return which of an image's other boxes have the largest entropies: so many per positive."""
    rank = entropy.masked_fill(positive, -torch.inf).argsort(1, descending=True).argsort(1)
    return (rank < neg_ratio * positive.sum(1, keepdim=True)) & ~positive
