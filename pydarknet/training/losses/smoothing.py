"""Label smoothing of softmax: a share of the true class goes to all that it competes with."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ...modules.parameters import constant


def smooth(target: Tensor, eps: float, sizes: Sequence[int]) -> Tensor:
    """Return targets (1 - eps) * target + eps / size, [..., classes]; without eps as they are.

    `sizes` [classes] are of how many outputs, which add up to 1, each class is one.

    Szegedy et al., Rethinking the Inception Architecture, arXiv 1512.00567
    """
    if not eps:
        return target
    return target * (1 - eps) + eps / constant(tuple(sizes), target)
