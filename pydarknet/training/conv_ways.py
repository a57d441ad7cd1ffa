"""How the convolutions of a training compute fastest on this machine: each of their three parts.

A convolution that tiles may speed up is measured at its first mini-batch of each size, rounded,
from the second iteration on: output and gradients, in the usual way and by tiles. What is found is
kept with what else was chosen by measurement (backends/choices.py), and the next training takes it
at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import log2
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..backends.choices import choices
from ..backends.measurement import Watch, is_near
from ..backends.ways import FEWEST
from ..backends.winograd import F2, F4, tiles
from ..modules.ops import Conv
from ..system.alike import is_alike
from .conv_matmul import Compute, Ways, by_products, convolve_in, gradients, weights_gradient
from .conv_tiles import tiled_input_gradient, tiled_output, tiled_weights_gradient

KIND: Final = "training"  # of choices
USUAL: Final = "usual"
FORMS: Final = {"tiles2": F2, "tiles4": F4}
TILED: Final[dict[str, Callable[..., Tensor]]] = {  # by the names of `Ways`
    "output": tiled_output,
    "of_input": tiled_input_gradient,
    "of_weights": tiled_weights_gradient,
}
LEAST: Final = 1 << 27  # products of a mini-batch, below which nothing is measured
GAIN: Final = 1.05  # times as fast as the usual way tiles must be
DUE: Final = (1, 10, 100, 1000, 10_000)  # mini-batches of a size at which it is measured
NEAR: Final = 1e-4  # how far their result may be from it, as a part of the largest value
PLACE: Final = ((1, 1), (1, 1), 1, 1)  # stride, padding, dilation, groups of what tiles compute

Names = Mapping[str, str]  # of ways, by part
Runs = Mapping[str, Callable[[], Tensor]]  # what computes a part, by way


@dataclass
class Measuring:
    """Whether the convolutions of a training may measure: not before memory is kept for reuse."""

    begun: bool = False


def use_measured_ways(network: nn.Module) -> Measuring:
    """Let each convolution of a network that tiles may speed up choose its ways by measurement."""
    measuring = Measuring()
    for module in network.modules():
        if isinstance(module, Conv) and is_tiled(module):
            module.convolve = Measured(measuring, products=module.convolve is by_products)
    return measuring


def is_tiled(conv: Conv) -> bool:
    """Return whether tiles can compute a convolution, and may pay."""
    place = conv.stride, conv.padding, conv.dilation, conv.groups
    n, c, *sides = conv.weights.shape
    return place == PLACE and sides == [3, 3] and min(c, n) >= FEWEST


class Measured:
    """A convolution in training, in the ways that are fastest for maps of about a size.

    Usually the gradient of its weights is computed by `products`, or by torch.
    """

    def __init__(self, measuring: Measuring, *, products: bool) -> None:
        self.measuring = measuring
        self.usual = Ways(of_weights=gradient_by_products if products else None)
        self.found: dict[str, Ways] = {}
        self.seen: Counter[str] = Counter()

    def __call__(self, x: Tensor, weights: Tensor, bias: Tensor | None, *place: Any) -> Tensor:
        """Compute the convolution, as F.conv2d does with these arguments."""
        return convolve_in(self.ways(x, weights), x, weights, bias, *place)

    def ways(self, x: Tensor, weights: Tensor) -> Ways:
        """Return the ways for x [N, c, H, W], as they are known or measured now."""
        small = x.numel() // x.shape[1] * weights.numel() < LEAST or x.dtype != torch.float32
        if small or is_alike() or not torch.is_grad_enabled():
            return self.usual
        key = key_of(x, weights)
        ways = self.found.get(key) or self.kept_ways(key)
        if ways is None and self.measuring.begun:
            ways = self.measure(key, x.detach(), weights.detach())
        if ways is not None:
            self.found[key] = ways
        return ways or self.usual

    def kept_ways(self, key: str) -> Ways | None:
        """Return the ways that were measured before on this machine, if any."""
        names = names_in(choices().get(KIND, key))
        return None if names is None else self.ways_of(names)

    @torch.no_grad()
    def measure(self, key: str, x: Tensor, weights: Tensor) -> Ways | None:
        """Measure which ways are fastest, and keep them.

        None where that says nothing: other programs disturb it, numbers are not finite, or memory
        is short. Then it is tried again later.
        """
        self.seen[key] += 1
        if self.seen[key] not in DUE:
            return None
        watch = Watch(torch.get_num_threads())
        try:
            runs = runs_of(self.usual, x, weights)
            names = {part: fastest(watch, some) for part, some in runs.items()}
        except (RuntimeError, MemoryError, ArithmeticError):
            return None
        if watch.disturbed:
            return None
        choices().put(KIND, {key: names})
        return self.ways_of(names)

    def ways_of(self, names: Names) -> Ways:
        """Return the ways of these names."""
        tiled = {part: by_tiles(part, name) for part, name in names.items() if name in FORMS}
        return self.usual._replace(**tiled)


def gradient_by_products(delta: Tensor, x: Tensor) -> Tensor:
    """Return the gradient [n, c, 3, 3] of weights by matrix products."""
    shape = torch.Size((delta.shape[1], x.shape[1], 3, 3))
    return weights_gradient(delta, x, shape, *PLACE)


def by_tiles(part: str, name: str) -> Compute:
    """Return what computes a part by the tiles of this name."""
    return partial(TILED[part], form=FORMS[name])


def runs_of(usual: Ways, x: Tensor, weights: Tensor) -> dict[str, Runs]:
    """Return what computes each part in each way; the output serves as deltas."""
    delta = F.conv2d(x, weights, None, *PLACE)

    def by_torch(part: int) -> Tensor:
        found = gradients(delta, x, weights, PLACE, (part == 0, part == 1, False))[part]
        assert found is not None
        return found

    of_weights = usual.of_weights or (lambda delta, x: by_torch(1))
    usually: Runs = {
        "output": lambda: F.conv2d(x, weights, None, *PLACE),
        "of_input": lambda: by_torch(0),
        "of_weights": lambda: of_weights(delta, x),
    }
    given = {"output": (x, weights), "of_input": (delta, weights), "of_weights": (delta, x)}
    return {
        part: {USUAL: run, **{name: partial(by_tiles(part, name), *given[part]) for name in FORMS}}
        for part, run in usually.items()
    }


def key_of(x: Tensor, weights: Tensor) -> str:
    """Return what decides how long a convolution takes, about: random sizes have few of these.

    Maps that tiles cover badly have others: the cells that tiles cover are counted too.
    """
    images, c, height, width = x.shape
    covered = [
        images * form.m**2 * tiles(height, form.m) * tiles(width, form.m) for form in FORMS.values()
    ]
    octaves = [round(2 * log2(cells)) / 2 for cells in (images * height * width, *covered)]
    sizes = "-".join(f"{one:g}" for one in octaves)
    return f"{torch.get_num_threads()} threads: {c}>{len(weights)}, 2^{sizes} cells"


def names_in(said: Any) -> dict[str, str] | None:
    """Return the names of ways that a file holds; None for anything else."""
    if not isinstance(said, dict) or said.keys() != TILED.keys():
        return None
    return said if all(name in (USUAL, *FORMS) for name in said.values()) else None


def fastest(watch: Watch, runs: Runs) -> str:
    """Return the fastest way to compute a part: the usual one, unless tiles are clearly faster.

    Raises ArithmeticError where the usual one's result is not finite.
    """
    expected = runs[USUAL]()
    if not expected.isfinite().all():
        raise ArithmeticError("not finite")
    same = {name for name, run in runs.items() if is_near(run(), expected, NEAR)} | {USUAL}
    seconds = watch.best_times({name: run for name, run in runs.items() if name in same})
    best = min(seconds, key=seconds.__getitem__)
    return best if seconds[best] * GAIN < seconds[USUAL] else USUAL
