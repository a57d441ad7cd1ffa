"""The ways in which a convolution can be computed on a CPU, of which the fastest is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..modules.activations import overwriting
from . import onednn
from .onednn import SAME, Convolution, Place, direct_convolution, direct_product
from .winograd import F2, F4, Filtering, WinogradConv

DIRECT = "direct"  # never loses badly: the way where nothing was measured
FEWEST = 16  # channels of input and output, below which Winograd's transforms never pay


@dataclass(frozen=True, eq=False)
class Task:
    """What a convolution computes from inputs of a size [N, C, H, W] with channels last.

    The weights [n, c / groups, k, k] have batch norm folded in; `word` is the activation.
    """

    weights: Tensor
    bias: Tensor
    place: Place
    word: str
    size: torch.Size

    @property
    def geometry(self) -> str:
        """All that decides how long it takes, as text."""
        padding, stride, dilation, groups = self.place
        n, _, height, width = self.weights.shape
        sides = [f"{height}x{width}", f"s{stride}", f"p{padding}", f"d{dilation}", f"g{groups}"]
        form = " ".join(sides).replace(", ", ",")
        return f"{form} {'x'.join(map(str, self.size))}>{n} {self.word}"


@dataclass(frozen=True)
class Way:
    """A way to compute a convolution.

    `near` is how far its result may be from the direct one, as a part of the largest value.
    """

    fits: Callable[[Task], bool]
    make: Callable[[Task], Convolution]
    near: float = 1e-4


def direct(task: Task) -> Convolution:
    """Return oneDNN's convolution."""
    return direct_convolution(task.weights, task.bias, task.place, task.word, task.size)


def product(task: Task) -> Convolution:
    """Return a 1 x 1 convolution as a product of matrices by torch."""
    n, c, _, _ = task.weights.shape
    right, activate = task.weights.view(n, c).t().contiguous(), overwriting(task.word)

    def run(x: Tensor) -> Tensor:
        images, _, height, width = x.shape
        y = torch.addmm(task.bias, x.permute(0, 2, 3, 1).reshape(-1, c), right)
        return activate(y.view(images, height, width, n).permute(0, 3, 1, 2))

    return run


def onednn_product(task: Task) -> Convolution:
    """Return a 1 x 1 convolution as a product of matrices by oneDNN."""
    return direct_product(task.weights.flatten(1), task.bias, task.word)


def winograd(form: Filtering) -> Callable[[Task], Convolution]:
    """Return the way of a convolution with Winograd's transforms."""

    def make(task: Task) -> Convolution:
        tiled, activate = WinogradConv(task.weights, task.bias, form), overwriting(task.word)
        return lambda x: activate(tiled(x))

    return make


def is_product(task: Task) -> bool:
    """Return whether a convolution is a product of matrices."""
    return task.weights.shape[2:] == (1, 1) and task.place == ((0, 0), (1, 1), (1, 1), 1)


def is_onednn_product(task: Task) -> bool:
    """Return whether oneDNN computes a convolution as a product of matrices."""
    return is_product(task) and onednn.operators_work()


def is_tiled(task: Task) -> bool:
    """Return whether Winograd's transforms compute a convolution, and may pay."""
    n, c, *sides = task.weights.shape
    return sides == [3, 3] and task.place == SAME and min(c, n) >= FEWEST


WAYS = {
    DIRECT: Way(lambda task: True, direct),
    "product": Way(is_product, product),
    "onednn_product": Way(is_onednn_product, onednn_product),
    "winograd2": Way(is_tiled, winograd(F2), near=1e-3),
    "winograd4": Way(is_tiled, winograd(F4), near=1e-3),
}
