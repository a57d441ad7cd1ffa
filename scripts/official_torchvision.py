"""Import torchvision beside a torch of another build, whose compiled operators it lacks.

pip install --no-deps torchvision pillow
"""

from __future__ import annotations

from typing import Any

import torch


def torchvision_detection() -> Any:
    """Return the module torchvision.models.detection."""
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):  # which nothing here calls, but its import names
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    KEPT.append(library)
    from torchvision.models import detection  # type: ignore[import-not-found, unused-ignore]

    return detection


KEPT: list[Any] = []  # a library goes with its last reference
