"""Batch normalisation, as Darknet computes it on a GPU and on a CPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from ..cfg.lineage import PerLineage
from ..errors import DarknetError
from .parameters import Parametric, WeightArray, array

EPSILON: Final = 1e-5


class BatchNorm(Parametric):
    """`(x - mean) / sqrt(variance + 1e-5) * scale + bias` per channel; the owner has the bias.

    In training, as in cuDNN, the biased variance normalises, the unbiased one enters the rolling
    variance, and the momentum is 0.01.

    Darknet: src/batchnorm_layer.c, src/blas_kernels.cu normalize_kernel
    """

    momentum = 0.01
    biased = True  # whether that variance normalises which is divided by the number of values

    def __init__(self, n: int) -> None:
        super().__init__()
        self.scales = nn.Parameter(array(n))
        self.rolling_mean: Tensor
        self.rolling_variance: Tensor
        self.register_buffer("rolling_mean", array(n))
        self.register_buffer("rolling_variance", array(n))
        self.in_training: InTraining | None = None  # what computes it there in another way
        self.fixed = False  # whether training too normalises by the rolling statistics

    def fill(self, name: str, tensor: Tensor, generator: Generator | None) -> None:
        """Set scales to 1 and statistics to 0, also the variance, unless it is never learned.

        Quirk: ZERO_VARIANCE
        """
        ones = ("scales", "rolling_variance") if self.fixed else ("scales",)
        tensor.fill_(1.0 if name in ones else 0.0)

    def weight_arrays(self) -> tuple[WeightArray, ...]:
        return WeightArray("scales"), WeightArray("rolling_mean"), WeightArray("rolling_variance")

    def forward(self, x: Tensor, biases: Tensor) -> Tensor:
        if self.training and self.in_training:
            return self.in_training(self, x, biases)
        return F.batch_norm(
            several(x) if self.training else x,
            self.rolling_mean,
            self.rolling_variance,
            self.scales,
            biases,
            self.training,
            self.momentum,
            EPSILON,
        )

    def divisor(self) -> Tensor:
        """Return the divisor of inference per channel."""
        return self.divisor_for(self.rolling_variance)

    def divisor_for(self, variance: Tensor) -> Tensor:
        """Return the divisor for a variance."""
        return torch.sqrt(variance + EPSILON)

    def slope(self, variance: Tensor) -> Tensor:
        """Return the factor by which deltas are multiplied, besides the terms of mean and
        variance."""
        return 1 / self.divisor_for(variance)


class UnbiasedBatchNorm(BatchNorm):
    """The fork's batch norm on a CPU: in training it normalises by the unbiased variance.

    Darknet: src/blas.c variance_cpu, normalize_cpu (AlexeyAB)
    Quirk: CPU_BATCH_NORM
    """

    momentum = 0.1
    biased = False

    def forward(self, x: Tensor, biases: Tensor) -> Tensor:
        """Return x after batch norm; a narrow one, of mixed precision, is widened meanwhile."""
        if self.training and self.in_training:
            return self.in_training(self, x, biases)
        wide = x.to(torch.promote_types(x.dtype, self.scales.dtype))
        if self.training:
            normal = self.normalise(wide)
        else:
            normal = (wide - spread(self.rolling_mean, x)) / spread(self.divisor(), x)
        return (normal * spread(self.scales, x) + spread(biases, x)).to(x.dtype)

    def normalise(self, x: Tensor) -> Tensor:
        """Return x normalised by its own statistics, and update the rolling ones."""
        with torch.no_grad():
            dims = [0, *range(2, x.dim())]
            mean, variance = x.mean(dims), several(x).var(dims, unbiased=True)
            self.rolling_mean.lerp_(mean, self.momentum)
            self.rolling_variance.lerp_(variance, self.momentum)
            divisor, slope = self.divisor_for(variance), self.slope(variance)
        return CpuNormal.apply(x, mean, variance, divisor, slope)

    def slope(self, variance: Tensor) -> Tensor:
        """Return the factor by which C multiplies deltas, besides the terms of mean and variance.

        Darknet: src/batchnorm_layer.c normalize_delta_cpu (AlexeyAB)
        """
        return 1 / (torch.sqrt(variance) + EPSILON)


class EpsilonOutsideBatchNorm(UnbiasedBatchNorm):
    """The original's batch norm on a CPU, which adds its epsilon outside the root.

    Darknet: src/blas.c normalize_cpu
    Quirk: CPU_BATCH_NORM
    """

    momentum = 0.01

    def divisor_for(self, variance: Tensor) -> Tensor:
        return torch.sqrt(variance) + 1e-6

    def slope(self, variance: Tensor) -> Tensor:
        """Return the factor in the original.

        Darknet: src/batchnorm_layer.c normalize_delta_cpu
        """
        return torch.rsqrt(variance + EPSILON)


InTraining = Callable[[BatchNorm, Tensor, Tensor], Tensor]  # of its input and biases

BATCH_NORMS: Final = {  # by the processor on which C computes this form
    "gpu": PerLineage[type[BatchNorm]](pjreddie=BatchNorm, alexeyab=BatchNorm),
    "cpu": PerLineage[type[BatchNorm]](
        pjreddie=EpsilonOutsideBatchNorm, alexeyab=UnbiasedBatchNorm
    ),
}


def through(
    delta: Tensor,
    off: Tensor,
    variance: Tensor,
    slope: Tensor,
    sums: Sequence[Tensor],
    count: float,
) -> Tensor:
    """Return the deltas before `(x - mean) / divisor`, given those after it, and `x - mean`.

    `sums` are those of `delta` and of `delta * off` per channel, over `count` values.

    Darknet: src/batchnorm_layer.c mean_delta_cpu, variance_delta_cpu, normalize_delta_cpu
    """
    of_mean = -sums[0] * torch.rsqrt(variance + EPSILON)
    of_variance = -0.5 * sums[1] * (variance + EPSILON).pow(-1.5)
    rest = spread(2 * of_variance / count, delta) * off + spread(of_mean / count, delta)
    return delta * spread(slope, delta) + rest


class CpuNormal(torch.autograd.Function):
    """`(x - mean) / divisor` per channel, with the deltas that the C's CPU code computes.

    They are not quite its derivative: they treat the variance as the biased one, and ignore where
    epsilon is added.

    Darknet: src/batchnorm_layer.c mean_delta_cpu, variance_delta_cpu, normalize_delta_cpu
    Quirk: CPU_BATCH_NORM
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, mean: Tensor, variance: Tensor, divisor: Tensor, slope: Tensor
    ) -> Tensor:
        ctx.save_for_backward(x, mean, variance, slope)
        return (x - spread(mean, x)) / spread(divisor, x)

    @staticmethod
    def backward(ctx: Any, delta: Tensor) -> tuple[Tensor | None, ...]:
        x, mean, variance, slope = ctx.saved_tensors
        dims = [0, *range(2, x.dim())]
        count, off = x.numel() / x.shape[1], x - spread(mean, x)
        sums = delta.sum(dims), (delta * off).sum(dims)
        return through(delta, off, variance, slope, sums, count), None, None, None, None


def spread(values: Tensor, x: Tensor) -> Tensor:
    """Return a value per channel, shaped to broadcast over x, [N, C, ...]."""
    return values.view(1, -1, *(1,) * (x.dim() - 2))


def several(x: Tensor) -> Tensor:
    """Return x if it has several values per channel; a single one has no variance."""
    if x.numel() <= x.shape[1]:
        raise DarknetError(
            "batch norm cannot learn from one value per channel:"
            " expected a larger batch / subdivisions, or a larger map"
        )
    return x
