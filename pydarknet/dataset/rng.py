"""Random numbers of a sample, which depend only on seed, batch and index."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator, Philox, SeedSequence

SIZES, SPARES = 1, 2  # keep these generators apart from those of samples, and from each other


def generator_of(seed: int, batch: int, index: int) -> Generator:
    """Return the generator of one sample of a batch."""
    return Generator(Philox(SeedSequence([seed, batch, index])))


def generator_of_size(seed: int, block: int) -> Generator:
    """Return the generator of the input size for a block of batches."""
    return Generator(Philox(SeedSequence(seed, spawn_key=(SIZES, block))))


def generator_of_spare(seed: int, batch: int, index: int) -> Generator:
    """Return the generator that chooses a replacement for an image that cannot be read."""
    return Generator(Philox(SeedSequence(seed, spawn_key=(SPARES, batch, index))))


def uniform(generator: Generator, low: float = 0.0, high: float = 1.0) -> float:
    """Return a random float32 between two ends, which may be in either order.

    Darknet: src/utils.c rand_uniform
    """
    return within(low, high, float(generator.random(dtype=np.float32)))


def within(low: float, high: float, part: float) -> float:
    """Return the float32 at `part`, in 0..1, of the way from the lower end to the higher one.

    Darknet: src/utils.c rand_precalc_random (AlexeyAB)
    """
    first, last = np.float32(min(low, high)), np.float32(max(low, high))
    return float(np.float32(part) * (last - first) + first)


def scale(generator: Generator, most: float) -> float:
    """Return a random factor from 1 to `most`, or its reciprocal.

    Darknet: src/utils.c rand_scale
    """
    factor = uniform(generator, 1.0, most)
    return factor if generator.integers(2) else float(np.float32(1 / factor))


def whole(generator: Generator, low: int, high: int) -> int:
    """Return a random whole number between two ends, both included.

    Darknet: src/utils.c rand_int
    """
    return int(generator.integers(min(low, high), max(low, high) + 1))


def coin(generator: Generator) -> bool:
    """Return True or False with equal probability."""
    return bool(generator.integers(2))
