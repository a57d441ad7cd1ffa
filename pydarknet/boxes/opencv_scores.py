"""The scores that OpenCV 4's importer leaves of a head's rows: by threshold and suppression."""

from __future__ import annotations

import torch
from torch import Tensor

from .suppression import line_survivors


def limit_scores(table: Tensor, thresh: float, overlap: float) -> Tensor:
    """Return rows [N, K, 5 + classes] whose scores are 0 unless they exceed `thresh`.

    If `overlap` is above 0, scores are also 0 where a better box of the class overlaps by more.
    """
    scores = table[..., 5:]
    table = torch.cat([table[..., :5], scores * (scores > thresh)], -1)
    return torch.stack([suppress(one, overlap) for one in table]) if overlap > 0 else table


def suppress(table: Tensor, overlap: float) -> Tensor:
    """Return rows [K, 5 + classes] with scores of 0 where a better box overlaps by more."""
    left = torch.zeros_like(table[:, 5:])
    for k in table[:, 5:].any(0).nonzero().flatten().tolist():
        column = table[:, 5 + k]
        order = column.argsort(descending=True, stable=True)[: int((column > 0).sum())]
        boxes = table[order, :4].cpu().numpy()
        stay = order[line_survivors(boxes, overlap, None)]
        left[stay, k] = column[stay]
    return torch.cat([table[:, :5], left], 1)
