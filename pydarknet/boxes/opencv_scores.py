"""The scores that OpenCV 4's importer leaves of a head's rows: by threshold and suppression.

This file needs no torch.
"""

from __future__ import annotations

import numpy as np

from .suppression import line_survivors


def limit_scores(table: np.ndarray, thresh: float, overlap: float) -> np.ndarray:
    """Return rows [N, K, 5 + classes] whose scores are 0 unless they exceed `thresh`.

    If `overlap` is above 0, scores are also 0 where a better box of the class overlaps by more.
    """
    found = table.copy()
    found[..., 5:] *= found[..., 5:] > thresh
    if overlap > 0:
        for one in found:
            suppress(one, overlap)
    return found


def suppress(table: np.ndarray, overlap: float) -> None:
    """Make scores of rows [K, 5 + classes] 0 where a better box overlaps by more."""
    for column in table[:, 5:].T:
        seen = np.flatnonzero(column > 0)
        order = seen[(-column[seen]).argsort(kind="stable")]
        stay = order[np.array(line_survivors(table[order, :4], overlap, None), bool)]
        scores = column[stay]
        column[:] = 0
        column[stay] = scores
