"""The arrays of one convolution of a port, and what they are in Darknet's terms."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..modules.batch_norm import EPSILON

Floats = np.ndarray  # float64


@dataclass(frozen=True)
class Norm:
    """A batch norm: [n] each, and the epsilon that is added to the variance."""

    scales: Floats
    biases: Floats
    mean: Floats
    variance: Floats
    epsilon: float


@dataclass(frozen=True)
class Filters:
    """A convolution's weights [n, c, k, k] and biases [n], and its batch norm, if it has one."""

    weights: Floats
    biases: Floats
    norm: Norm | None = None

    def fold(self) -> Filters:
        """Return the same without batch norm."""
        norm = self.norm
        if norm is None:
            return self
        scale = norm.scales / np.sqrt(norm.variance + norm.epsilon)
        biases = norm.biases + (self.biases - norm.mean) * scale
        return Filters(self.weights * by_row(scale, self.weights), biases)

    def with_norm(self) -> Filters:
        """Return the same with a batch norm; one is added that changes nothing, if there is none.

        Its variance is 1, and its scales are what it is divided by.
        """
        if self.norm:
            return self
        n = len(self.biases)
        scales = np.full(n, np.sqrt(1 + EPSILON))
        norm = Norm(scales, self.biases, np.zeros(n), np.ones(n), EPSILON)
        return Filters(self.weights, np.zeros(n), norm)

    def with_constants(self, added: Floats | None, factor: Floats | None) -> Filters:
        """Return the same with constants [c] added to its input, and its output times [n]."""
        filters = self.fold()
        if added is not None:
            filters = replace(filters, biases=filters.biases + filters.weights.sum((2, 3)) @ added)
        if factor is not None:
            weights = filters.weights * by_row(factor, filters.weights)
            filters = Filters(weights, filters.biases * factor)
        return filters


def darknet_norm(norm: Norm, biases: Floats) -> tuple[Norm, int]:
    """Return a batch norm of Darknet's epsilon that does the same, and how many scales changed.

    `biases` [n] are those of the convolution, which Darknet's has not. The difference of the
    epsilons becomes part of the variance. A variance that would be negative is 0, and its scale
    makes up for it.
    """
    variance = norm.variance + (norm.epsilon - EPSILON)
    negative = variance < 0
    exact = norm.scales * np.sqrt(EPSILON / np.where(negative, norm.variance + norm.epsilon, 1))
    changed = replace(
        norm,
        scales=np.where(negative, exact, norm.scales),
        mean=norm.mean - biases,
        variance=np.where(negative, 0, variance),
        epsilon=EPSILON,
    )
    return changed, int(negative.sum())


def total(branches: list[Filters], size: tuple[int, ...]) -> Filters:
    """Return the sum of branches as one convolution; smaller windows stand in the middle."""
    if len(branches) == 1:
        return branches[0]
    parts = [branch.fold() for branch in branches]
    weights = sum(widen(part.weights, size[2]) for part in parts)
    return Filters(np.asarray(weights), np.asarray(sum(part.biases for part in parts)))


def widen(weights: Floats, side: int) -> Floats:
    """Return weights with zeros around their windows."""
    margin = (side - weights.shape[2]) // 2
    return np.pad(weights, ((0, 0), (0, 0), (margin, margin), (margin, margin)))


def identity(size: tuple[int, ...]) -> Floats:
    """Return the weights [n, c, 1, 1] of a convolution that changes nothing, in n / c groups."""
    n, c = size[:2]
    weights = np.zeros((n, c, 1, 1))
    weights[np.arange(n), np.arange(n) % c] = 1
    return weights


def focus_size(size: tuple[int, ...]) -> tuple[int, ...]:
    """Return [n, 4c, k, k], given [n, c, 2k, 2k]: the size where 2 x 2 pixels are channels."""
    n, c, high, wide = size
    return n, 4 * c, high // 2, wide // 2


def of_image(filters: Filters) -> Filters:
    """Return filters of an image, RGB in 0..1, given those that see 2 x 2 pixels as channels.

    Those are of BGR in 0..255, in the order of YOLOX's Focus: left column and right, from above.

    Source: YOLOX, yolox/models/network_blocks.py Focus
    """
    n, _, high, wide = filters.weights.shape
    apart = filters.weights.reshape(n, 2, 2, -1, high, wide)  # [n, across, down, c, k, k]
    colours = apart[:, :, :, ::-1].transpose(0, 3, 4, 2, 5, 1)
    weights = 255 * colours.reshape(n, -1, 2 * high, 2 * wide)
    return Filters(weights, filters.biases, filters.norm)


def by_row(values: Floats, weights: Floats) -> Floats:
    """Return a value per row, shaped to multiply weights [n, ...]."""
    return values.reshape(-1, *(1,) * (weights.ndim - 1))
