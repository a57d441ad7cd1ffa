"""The ways in which a convolution can be computed on a CPU, of which the fastest is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..modules.activations import activation, overwriting
from . import onednn
from .half import precise_activation
from .onednn import (
    SAME,
    Convolution,
    Make,
    Place,
    Weights,
    direct_convolution,
    direct_product,
    torch_convolution,
)
from .winograd import F2, F4, F5, Filtering, GroupedWinograd, WinogradConv

DIRECT = "direct"  # never loses badly: the way where nothing was measured
FEWEST = 16  # channels of input and output, below which Winograd's transforms never pay


@dataclass(frozen=True, eq=False)
class Task:
    """What a convolution computes from inputs of a size [N, C, H, W] with channels last.

    The weights [n, c / groups, k, k] have batch norm folded in; `word` is the activation. Maps are
    float32 or bfloat16, as the weights are; the bias is float32.
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
        narrow = "" if self.dtype is torch.float32 else " bfloat16"
        return f"{form} {'x'.join(map(str, self.size))}>{n} {self.word}{narrow}"

    @property
    def dtype(self) -> torch.dtype:
        """The type of the weights and of the maps."""
        return self.weights.dtype


def public(task: Task) -> Convolution:
    """Return the convolution by torch's public operators, which oneDNN fuses in a graph.

    In bfloat16, of which the operator asks for the bias too, it is added in two parts: oneDNN sums
    both in float32, so that it loses no digits.
    """
    activate = precise_activation(task.word, activation)
    padding, stride, dilation, groups = task.place
    weights, (bias, rest) = task.weights, bias_parts(task.bias, task.dtype)

    def convolve(x: Tensor) -> Tensor:
        return F.conv2d(x, weights, bias, stride, padding, dilation, groups)

    if task.dtype is torch.float32:
        return lambda x: activate(convolve(x))
    rest = rest.view(-1, 1, 1)
    return lambda x: activate(convolve(x) + rest)


def bias_parts(bias: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return the part of a bias [n] that a type holds, and the rest; 0 of what is not finite."""
    largest = torch.finfo(dtype).max
    part = torch.where(bias.isfinite(), bias.clamp(-largest, largest), bias).to(dtype)
    return part, (bias - part.float()).nan_to_num(0, 0, 0).to(dtype)


@dataclass(frozen=True)
class Way:
    """A way to compute a convolution.

    In a graph whose convolutions oneDNN fuses, it is computed by `in_graph`: a product of matrices
    becomes a convolution again, since it pays only because it starts sooner. `near` is how far its
    result may be from the direct one, as a part of the largest value; its weights take `spread`
    times the memory.
    """

    fits: Callable[[Task], bool]
    make: Callable[[Task], Convolution]
    in_graph: Callable[[Task], Convolution] = public
    near: float = 1e-4
    spread: float = 1.0


def direct(task: Task) -> Convolution:
    """Return oneDNN's convolution."""
    return direct_convolution(task.weights, task.bias, task.place, task.word)


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


def grouped_winograd(form: Filtering, convolution: Make) -> Callable[[Task], Convolution]:
    """Return the same way with its products as one convolution of groups."""

    def products(weights: Weights, bias: Tensor, groups: int) -> Convolution:
        return convolution(weights, bias, ((0, 0), (1, 1), (1, 1), groups), "linear")

    def make(task: Task) -> Convolution:
        tiled = GroupedWinograd(task.weights, task.bias, form, products)
        activate = overwriting(task.word)
        return lambda x: activate(tiled(x))

    return make


def tiled_way(form: Filtering, *, grouped: bool) -> Way:
    """Return a way by Winograd's transforms."""
    spread = form.t**2 / 9
    if not grouped:
        make = winograd(form)
        return Way(is_tiled, make, make, 1e-3, spread)
    packed = grouped_winograd(form, direct_convolution)
    return Way(is_tiled, packed, grouped_winograd(form, torch_convolution), 1e-3, spread)


def is_product(task: Task) -> bool:
    """Return whether a convolution is a product of matrices."""
    return task.weights.shape[2:] == (1, 1) and task.place == ((0, 0), (1, 1), (1, 1), 1)


def is_torch_product(task: Task) -> bool:
    """Return whether torch computes a convolution as a product of matrices."""
    return is_product(task) and task.dtype is torch.float32


def is_onednn_product(task: Task) -> bool:
    """Return whether oneDNN computes a convolution as a product of matrices."""
    return is_product(task) and onednn.operators_work(task.dtype)


def is_tiled(task: Task) -> bool:
    """Return whether Winograd's transforms compute a convolution, and may pay."""
    n, c, *sides = task.weights.shape
    wide = task.dtype is torch.float32  # the transforms would lose digits of bfloat16
    return sides == [3, 3] and task.place == SAME and min(c, n) >= FEWEST and wide


WAYS = {
    DIRECT: Way(lambda task: True, direct),
    "product": Way(is_torch_product, product),
    "onednn_product": Way(is_onednn_product, onednn_product),
    "winograd2": tiled_way(F2, grouped=False),
    "winograd4": tiled_way(F4, grouped=False),
    "grouped2": tiled_way(F2, grouped=True),
    "grouped4": tiled_way(F4, grouped=True),
    "grouped5": tiled_way(F5, grouped=True),  # 13 x 13 maps: three tiles across, with little beyond
}
