"""Convolutions by oneDNN, which convolves and activates in one pass; weights are packed for it.

torch's operators for this have private names. Only this file uses them; it tries them once, and
falls back to public operators if they are missing or wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ..modules.activations import ONEDNN, overwriting

Convolution = Callable[[Tensor], Tensor]
Place = tuple[tuple[int, int], tuple[int, int], tuple[int, int], int]
Make = Callable[[Tensor, Tensor, Place, str, torch.Size], Convolution]
SAME: Place = ((1, 1), (1, 1), (1, 1), 1)  # padding, stride, dilation, groups of most of 3 x 3


def direct_convolution(
    weights: Tensor, bias: Tensor, place: Place, word: str, size: torch.Size
) -> Convolution:
    """Return the convolution by oneDNN, or by torch's public operators if the private ones fail."""
    make = onednn_convolution if operators_work() else torch_convolution
    return make(weights, bias, place, word, size)


def onednn_convolution(
    weights: Tensor, bias: Tensor, place: Place, word: str, size: torch.Size
) -> Convolution:
    """Return oneDNN's convolution, weights in the order it likes best for inputs of a size."""
    packed = torch.ops.mkldnn._reorder_convolution_weight(weights, *place, list(size))
    convolve, how = torch.ops.mkldnn._convolution_pointwise, ONEDNN.get(word, ONEDNN["linear"])
    activate = overwriting("linear" if word in ONEDNN else word)
    return lambda x: activate(convolve(x, packed, bias, *place, *how, ""))


def torch_convolution(
    weights: Tensor, bias: Tensor, place: Place, word: str, _: torch.Size
) -> Convolution:
    """Return the same convolution by torch's public operators."""
    padding, stride, dilation, groups = place
    activate = overwriting(word)
    return lambda x: activate(F.conv2d(x, weights, bias, stride, padding, dilation, groups))


def direct_product(weights: Tensor, bias: Tensor, word: str) -> Convolution:
    """Return oneDNN's product of maps [N, c, H, W], channels last, with weights [n, c]."""
    multiply, how = torch.ops.mkldnn._linear_pointwise, ONEDNN.get(word, ONEDNN["linear"])
    activate = overwriting("linear" if word in ONEDNN else word)

    def run(x: Tensor) -> Tensor:
        y = multiply(x.permute(0, 2, 3, 1), weights, bias, *how, "")
        return activate(y.permute(0, 3, 1, 2))

    return run


@cache
def operators_work() -> bool:
    """Return whether this torch has the private operators, and they agree with the public ones."""
    x, weights, bias = torch.ones(1, 2, 4, 4), torch.full((3, 2, 3, 3), -1.0), torch.ones(3)
    try:
        y, expected = (
            f(weights, bias, SAME, "leaky", x.shape)(x)
            for f in (onednn_convolution, torch_convolution)
        )
        return torch.allclose(y, expected, atol=1e-5)
    except (AttributeError, RuntimeError, TypeError):
        return False
