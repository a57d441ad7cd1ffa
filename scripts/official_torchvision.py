"""Import torchvision beside a torch of another build, whose compiled operators it lacks.

pip install --no-deps torchvision pillow
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def torchvision_detection() -> Any:
    """Return the module torchvision.models.detection."""
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    KEPT.append(library)
    from torchvision.ops import boxes  # type: ignore[import-not-found, unused-ignore]

    boxes.nms = survivors  # whose own asks for the compiled operators
    from torchvision.models import detection  # type: ignore[import-not-found, unused-ignore]

    return detection


def survivors(boxes: Tensor, scores: Tensor, threshold: float) -> Tensor:
    """Return which boxes [K, 4], corners, greedy suppression leaves, best first."""
    from torchvision.ops import box_iou  # type: ignore[import-not-found, unused-ignore]

    left = scores.argsort(descending=True, stable=True)
    kept = []
    while len(left):
        kept.append(left[0])
        overlap = box_iou(boxes[left[:1]], boxes[left[1:]])[0]
        left = left[1:][~(overlap > threshold)]  # NaN is no overlap
    return torch.stack(kept) if kept else left


KEPT: list[Any] = []  # a library goes with its last reference
