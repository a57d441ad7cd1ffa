"""Batch normalisation as the GPU code does it, and as the C does it on a CPU."""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from .arrays import Parametric, Stored, array

EPSILON: Final = 1e-5


class BatchNorm(Parametric):
    """`(x - mean) / sqrt(variance + 1e-5) * scale`, plus a bias its owner keeps, over channels.

    Trains as cuDNN does: biased variance to normalise, unbiased in the rolling one, momentum 0.01.

    Darknet: src/batchnorm_layer.c, src/blas_kernels.cu normalize_kernel
    """

    momentum = 0.01

    def __init__(self, n: int) -> None:
        super().__init__()
        self.scales = nn.Parameter(array(n))
        self.rolling_mean: Tensor
        self.rolling_variance: Tensor
        self.register_buffer("rolling_mean", array(n))
        self.register_buffer("rolling_variance", array(n))

    def fill(self, name: str, tensor: Tensor, generator: Generator | None) -> None:
        """Scales are one, statistics zero, the variance too.

        Quirk: ZERO_VARIANCE
        """
        tensor.fill_(1.0 if name == "scales" else 0.0)

    def stored(self) -> tuple[Stored, ...]:
        return Stored("scales"), Stored("rolling_mean"), Stored("rolling_variance")

    def forward(self, x: Tensor, biases: Tensor) -> Tensor:
        return F.batch_norm(
            x,
            self.rolling_mean,
            self.rolling_variance,
            self.scales,
            biases,
            self.training,
            self.momentum,
            EPSILON,
        )

    def divisor(self) -> Tensor:
        """Return what inference divides by, a channel."""
        return torch.sqrt(self.rolling_variance + EPSILON)


class UnbiasedBatchNorm(BatchNorm):
    """The C's batch norm on a CPU: it normalises by the unbiased variance when it trains.

    Darknet: src/blas.c variance_cpu, normalize_cpu
    Quirk: CPU_BATCH_NORM
    """

    momentum = 0.1

    def forward(self, x: Tensor, biases: Tensor) -> Tensor:
        mean, divisor = self.rolling_mean, self.divisor()
        if self.training:
            dims = [0, *range(2, x.dim())]
            mean, variance = x.mean(dims), x.var(dims, unbiased=True)
            divisor = self.divided_by(variance)
            with torch.no_grad():
                self.rolling_mean.lerp_(mean, self.momentum)
                self.rolling_variance.lerp_(variance, self.momentum)
        per_channel = (1, -1) + (1,) * (x.dim() - 2)
        normal = (x - mean.view(per_channel)) / divisor.view(per_channel)
        return normal * self.scales.view(per_channel) + biases.view(per_channel)

    def divisor(self) -> Tensor:
        return self.divided_by(self.rolling_variance)

    def divided_by(self, variance: Tensor) -> Tensor:
        """Return the divisor that belongs to a variance."""
        return torch.sqrt(variance + EPSILON)


class EpsilonOutsideBatchNorm(UnbiasedBatchNorm):
    """The original's CPU form, which adds its epsilon outside of the root.

    Darknet: src/blas.c normalize_cpu
    Quirk: CPU_BATCH_NORM
    """

    momentum = 0.01

    def divided_by(self, variance: Tensor) -> Tensor:
        return torch.sqrt(variance) + 1e-6
