"""The loss of [retina]: focal loss of all anchors' classes, and the distance of their boxes."""

from __future__ import annotations

import torch
from torch import Tensor

from ...graph.head import Head
from ...layers.retina import Retina
from .anchor_match import IGNORED, Learned
from .base import LossInputs, ScalarLoss, head_by_head, scalar_loss
from .map_heads import log_line
from .pull import focal_loss


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
    sign = torch.full_like(learned.scores, -1)
    sign[learned.image, learned.classes, learned.place] = 1
    weight = 0.5 + (layer.focal_alpha - 0.5) * sign  # alpha, or 1 - alpha
    focal = weight * focal_loss(sign * learned.scores, layer.focal_gamma)
    seen = (learned.matched != IGNORED)[:, None]
    classes = torch.where(seen, focal, 0).sum((1, 2))
    far = learned.box_losses(layer.iou_loss)
    boxes = torch.zeros_like(classes).index_add(0, learned.image, far)
    return layer.cls_normalizer * classes / counts, layer.iou_normalizer * boxes / counts
