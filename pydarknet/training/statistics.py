"""Batch norm whose statistics are those of a mini-batch that several processes share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..modules.batch_norm import BatchNorm, spread, through
from ..ranks.ranks import Ranks


def use_statistics_of_all(network: nn.Module, ranks: Ranks) -> None:
    """Let every batch norm in training normalise by the values of all processes."""
    for module in network.modules():
        if isinstance(module, BatchNorm):
            module.in_training = Shared(ranks)


@dataclass(frozen=True)
class Shared:
    """Batch norm in training by the values of all processes, of which each has as many."""

    ranks: Ranks

    def __call__(self, norm: BatchNorm, x: Tensor, biases: Tensor) -> Tensor:
        """Return x after batch norm, and update the rolling statistics.

        Darknet: src/batchnorm_layer.c forward_batchnorm_layer_gpu, forward_batchnorm_layer
        """
        wide = x.to(torch.promote_types(x.dtype, norm.scales.dtype))
        with torch.no_grad():
            mean, biased, unbiased = self.statistics(norm, wide)
            variance = biased if norm.biased else unbiased
            divisor, slope = norm.divisor_for(variance), norm.slope(variance)
        normal: Tensor = SharedNormal.apply(wide, mean, variance, divisor, slope, self.ranks)
        return (normal * spread(norm.scales, x) + spread(biases, x)).to(x.dtype)

    def statistics(self, norm: BatchNorm, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return mean, biased and unbiased variance of all x, [C], and update the rolling ones."""
        own = torch.stack(torch.batch_norm_update_stats(x, None, None, 0))
        means, variances = self.ranks.stack(own).unbind(1)  # [size, C] each
        mean, biased = means.mean(0), variances.mean(0) + means.var(0, unbiased=False)
        count = x.numel() / x.shape[1] * self.ranks.size
        unbiased = biased * (count / (count - 1))
        norm.rolling_mean.lerp_(mean, norm.momentum)
        norm.rolling_variance.lerp_(unbiased, norm.momentum)
        return mean, biased, unbiased


class SharedNormal(torch.autograd.Function):
    """`(x - mean) / divisor` per channel, with the deltas that the values of all lead to."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        mean: Tensor,
        variance: Tensor,
        divisor: Tensor,
        slope: Tensor,
        ranks: Ranks,
    ) -> Tensor:
        ctx.save_for_backward(x, mean, variance, slope)
        ctx.ranks = ranks
        return (x - spread(mean, x)) / spread(divisor, x)

    @staticmethod
    def backward(ctx: Any, delta: Tensor) -> tuple[Tensor | None, ...]:
        x, mean, variance, slope = ctx.saved_tensors
        dims = [0, *range(2, x.dim())]
        off = x - spread(mean, x)
        sums = torch.stack((delta.sum(dims), (delta * off).sum(dims)))
        ctx.ranks.add([sums])
        count = x.numel() / x.shape[1] * ctx.ranks.size
        return through(delta, off, variance, slope, sums.unbind(), count), *[None] * 5
