"""The loss of [retina]: focal loss of all anchors' classes, and the distance of their boxes."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ...graph.head import Head
from ...layers.retina import Retina
from .anchor_match import IGNORED, Learned
from .base import LossInputs, ScalarLoss, head_by_head, scalar_loss
from .map_heads import log_line


@scalar_loss(Retina)
@head_by_head
def retina_loss(layer: Retina, head: Head, inputs: LossInputs) -> ScalarLoss:
    """Return the sum over images of their loss, each divided by its number of matched anchors.

    Source: Lin et al. 2017, arXiv 1708.02002; torchvision, models/detection/retinanet.py
    compute_loss
    """
    learned = Learned.of(head, inputs)
    classes, boxes = (term.sum() for term in terms_of(layer, learned))
    images = len(learned.matched)
    figures = torch.stack([learned.overlap(), classes.detach() / images, boxes.detach() / images])
    return ScalarLoss(
        cost=classes + boxes,
        line=lambda: log_line("Retina", head.node.index, len(learned.place), figures),
        on_stderr=True,
    )


def terms_of(layer: Retina, learned: Learned) -> tuple[Tensor, Tensor]:
    """Return the loss of classes and that of boxes of each image, [N] both."""
    counts = learned.counts.clamp(min=1)
    wanted = torch.zeros_like(learned.scores)
    wanted[learned.image, learned.classes, learned.place] = 1
    focal = focal_loss(learned.scores, wanted, layer.focal_alpha, layer.focal_gamma)
    seen = (learned.matched != IGNORED)[:, None]
    classes = torch.where(seen, focal, 0).sum((1, 2))
    far = learned.box_losses(layer.iou_loss)
    boxes = torch.zeros_like(classes).index_add(0, learned.image, far)
    return layer.cls_normalizer * classes / counts, layer.iou_normalizer * boxes / counts


def focal_loss(scores: Tensor, wanted: Tensor, alpha: float, gamma: float) -> Tensor:
    """Return the focal loss of each score, before the logistic, for targets of 0 and 1.

    Source: Lin et al. 2017, arXiv 1708.02002; torchvision, ops/focal_loss.py
    """
    entropy = F.binary_cross_entropy_with_logits(scores, wanted, reduction="none")
    p = scores.sigmoid()
    wrong = wanted + p - 2 * wanted * p  # 1 minus the probability of the target
    weight = alpha * wanted + (1 - alpha) * (1 - wanted)
    return weight * entropy * wrong**gamma
