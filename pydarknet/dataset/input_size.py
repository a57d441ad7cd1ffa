"""The size of the network's input for each batch, which `random` in a head or [net] changes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..cfg.lineage import PerLineage
from ..cfg.net import Net
from ..layers import DetectionHead, last_detection_head
from ..network import Network
from .c_float import F
from .rng import generator_of_size, scale, whole

Size = tuple[int, int]  # width and height
BLOCK = 10  # batches in a row that have the same size
COEFFICIENT = 1.4  # the fork's largest factor if `random` is 1


class Sizes(Protocol):
    """A function from the number of a batch, counted from 1, to its size; and the largest size."""

    def __call__(self, number: int) -> Size:
        """Return the width and height of a batch."""

    @property
    def largest(self) -> Size:
        """The largest size of any batch."""

    @property
    def step(self) -> int:
        """The pixels by which sizes differ; 0 if there is one size."""


@dataclass(frozen=True)
class OneSize:
    """The cfg's size, for every batch."""

    width: int
    height: int
    step: int = 0

    def __call__(self, number: int) -> Size:
        """Return the width and height."""
        return self.width, self.height

    @property
    def largest(self) -> Size:
        """The only size."""
        return self.width, self.height


@dataclass(frozen=True)
class Squares:
    """The original's sizes: random squares of `fewest` to `most` steps; at the end the largest.

    Darknet: examples/detector.c train_detector, examples/classifier.c train_classifier
    Quirk: SIZES_BY_BLOCK
    """

    seed: int
    block: int
    fewest: int
    most: int
    end: float = math.inf  # the batch after which sizes are no longer random
    step: int = 32

    def __call__(self, number: int) -> Size:
        """Return the width and height of a batch."""
        block = (number - 1) // self.block
        if block * self.block > self.end:
            return self.largest
        side = whole(generator_of_size(self.seed, block), self.fewest, self.most) * self.step
        return side, side

    @property
    def largest(self) -> Size:
        """The largest square."""
        return self.most * self.step, self.most * self.step


@dataclass(frozen=True)
class Scales:
    """The fork's sizes: the cfg's, scaled by a random factor, plus a step.

    The first block, and those after `end`, have the largest size.

    Darknet: src/detector.c train_detector (AlexeyAB)
    Quirk: SIZES_BY_BLOCK
    """

    seed: int
    size: Size
    factor: float
    step: int
    end: int  # the batch after which sizes are no longer random

    def __call__(self, number: int) -> Size:
        """Return the width and height of a batch."""
        block = (number - 1) // BLOCK
        if block == 0 or block * BLOCK > self.end:
            return self.largest
        return self.size_at(scale(generator_of_size(self.seed, block), self.factor))

    @property
    def largest(self) -> Size:
        """The size at the largest factor."""
        return self.side_at(self.factor, 0), self.side_at(self.factor, 1)

    def size_at(self, factor: float) -> Size:
        """Return the size at a factor; a factor below 1 enlarges neither side."""
        width, height = self.side_at(factor, 0), self.side_at(factor, 1)
        if factor < 1 and (width > self.size[0] or height > self.size[1]):
            width, height = self.size
        return max(width, self.step), max(height, self.step)

    def side_at(self, factor: float, side: int) -> int:
        """Return a side times a factor, rounded to a multiple of `step`, plus one step."""
        steps = F(factor) * F(self.size[side]) / F(self.step) + F(1)
        return math.floor(float(steps) + 0.5) * self.step


def squares(net: Net, head: DetectionHead, seed: int) -> Sizes:
    """Return the original's sizes for a detector.

    Darknet: examples/detector.c train_detector
    """
    return Squares(seed, BLOCK, 10, 19, net.max_batches - 200)


def scales(net: Net, head: DetectionHead, seed: int) -> Sizes:
    """Return the fork's sizes for a detector.

    Darknet: src/detector.c train_detector (AlexeyAB)
    """
    factor = COEFFICIENT if head.random == 1 else head.random
    return Scales(seed, (net.width, net.height), factor, net.resize_step, net.max_batches - 100)


DETECTOR_SIZES: PerLineage[Callable[[Net, DetectionHead, int], Sizes]] = PerLineage(
    pjreddie=squares, alexeyab=scales
)


def input_size(network: Network, seed: int) -> Sizes:
    """Return the function from the number of a batch, counted from 1, to the size of its images."""
    net, head = network.net, last_detection_head(network.layers)
    if head and head.random and not head.cells:  # YOLOv1 is trained at one size
        return DETECTOR_SIZES.of(network.dialect)(net, head, seed)
    if net.random and not head:
        return Squares(seed, 40, 4, 14)
    return OneSize(net.width, net.height)


def largest(network: Network) -> Size:
    """Return the largest width and height that training uses."""
    return input_size(network, 0).largest
