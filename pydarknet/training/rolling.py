"""Rolling statistics of batch norm that several processes gather, as one of them would."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from ..modules.batch_norm import BatchNorm
from ..ranks.ranks import Ranks


class Rolling:
    """The statistics of batch norms before an iteration, to which those of its mini-batches add.

    In one process each mini-batch leaves `keep` of what is there and adds its own part. So what a
    process adds in `times` mini-batches is left `keep` to the power of the mini-batches after it,
    and the additions of all processes add up.

    Darknet: src/batchnorm_layer.c forward_batchnorm_layer_gpu
    """

    def __init__(self, norms: Iterable[BatchNorm]) -> None:
        self.norms = [norm for norm in norms if norm.training]
        self.before = [one.to(torch.float64, copy=True) for one in self.statistics()]

    def statistics(self) -> list[Tensor]:
        """Return the rolling means and variances of all norms."""
        both = ((norm.rolling_mean, norm.rolling_variance) for norm in self.norms)
        return [one for pair in both for one in pair]

    def keeps(self) -> list[float]:
        """Return what share of each statistic a mini-batch leaves."""
        return [1 - norm.momentum for norm in self.norms for _ in range(2)]

    def join(self, ranks: Ranks, times: int) -> None:
        """Replace the statistics by those of one process that saw all mini-batches in turn."""
        after = (ranks.size - 1 - ranks.rank) * times
        changes = [
            (now.double() - keep**times * before) * keep**after
            for now, before, keep in zip(self.statistics(), self.before, self.keeps(), strict=True)
        ]
        ranks.add(changes)
        places = zip(self.statistics(), self.before, changes, self.keeps(), strict=True)
        with torch.no_grad():
            for now, before, change, keep in places:
                now.copy_(keep ** (times * ranks.size) * before + change)
