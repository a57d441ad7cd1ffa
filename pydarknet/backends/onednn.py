"""Convolutions by oneDNN, which convolves and activates in one pass; weights are packed for it.

torch's operators for this have private names. Only this file uses them; it tries them once, and
falls back to public operators if they are missing or wrong.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ..modules.activations import ONEDNN
from .half import precise_activation

Convolution = Callable[[Tensor], Tensor]
Place = tuple[tuple[int, int], tuple[int, int], tuple[int, int], int]
Weights = Tensor | Callable[[], Tensor]  # or what makes them anew: then only packed ones are kept
Make = Callable[[Weights, Tensor, Place, str], Convolution]
PACKING = threading.Lock()
SAME: Place = ((1, 1), (1, 1), (1, 1), 1)  # padding, stride, dilation, groups of most of 3 x 3


def direct_convolution(weights: Weights, bias: Tensor, place: Place, word: str) -> Convolution:
    """Return the convolution by oneDNN, or by torch's public operators if the private ones fail.

    Weights in bfloat16 take and give maps in bfloat16; the bias is float32.
    """
    dtype = weights.dtype if isinstance(weights, Tensor) else torch.float32
    make = onednn_convolution if operators_work(dtype) else torch_convolution
    return make(weights, bias, place, word)


def onednn_convolution(weights: Weights, bias: Tensor, place: Place, word: str) -> Convolution:
    """Return oneDNN's convolution, whose weights are in the order that it likes best."""
    packing = Packing(weights, place)
    convolve, how = torch.ops.mkldnn._convolution_pointwise, ONEDNN.get(word, ONEDNN["linear"])
    activate = precise_activation("linear" if word in ONEDNN else word)
    return lambda x: activate(convolve(x, packing(x), bias, *place, *how, ""))


class Packing:
    """The weights of a convolution in oneDNN's orders, one for each order that it likes best.

    That depends on the size of the input and on the number of threads. Weights in another order
    are put in order again by every call, which takes up to ten times as long as the convolution.
    """

    def __init__(self, weights: Weights, place: Place) -> None:
        self.weights, self.place = weights, place
        self.found: dict[tuple[torch.Size, int], Tensor] = {}
        self.orders: dict[bytes | str, Tensor] = {}

    def __call__(self, x: Tensor) -> Tensor:
        """Return the weights for an input [N, C, H, W] and this thread's number of threads."""
        form = x.shape, torch.get_num_threads()
        found = self.found.get(form)
        return self.pack(form) if found is None else found

    def pack(self, form: tuple[torch.Size, int]) -> Tensor:
        """Return the weights for a form, packed unless there is one of the same order.

        Threads that need the same at the same time wait for one that packs it.
        """
        with PACKING:
            if form not in self.found:
                packed = torch.ops.mkldnn._reorder_convolution_weight(
                    values_of(self.weights), *self.place, list(form[0])
                )
                self.found[form] = self.orders.setdefault(order_of(packed) or repr(form), packed)
        return self.found[form]


def order_of(packed: Tensor) -> bytes:
    """Return oneDNN's description of the order of packed weights; nothing if torch is too old."""
    describe = getattr(torch.ops.mkldnn, "_get_mkldnn_serialized_md", None)
    return describe(packed).numpy().tobytes() if describe else b""


def torch_convolution(weights: Weights, bias: Tensor, place: Place, word: str) -> Convolution:
    """Return the same convolution by torch's public operators."""
    padding, stride, dilation, groups = place
    values, activate = values_of(weights), precise_activation(word)
    added = bias.to(values.dtype)  # as the operator asks for
    return lambda x: activate(F.conv2d(x, values, added, stride, padding, dilation, groups))


def values_of(weights: Weights) -> Tensor:
    """Return weights, made anew if they are not kept."""
    return weights if isinstance(weights, Tensor) else weights()


def direct_product(weights: Tensor, bias: Tensor, word: str) -> Convolution:
    """Return oneDNN's product of maps [N, c, H, W], channels last, with weights [n, c]."""
    multiply, how = torch.ops.mkldnn._linear_pointwise, ONEDNN.get(word, ONEDNN["linear"])
    activate = precise_activation("linear" if word in ONEDNN else word)

    def run(x: Tensor) -> Tensor:
        y = multiply(x.permute(0, 2, 3, 1), weights, bias, *how, "")
        return activate(y.permute(0, 3, 1, 2))

    return run


@cache
def operators_work(dtype: torch.dtype = torch.float32) -> bool:
    """Return whether torch's private operators take a type here, and agree with the public ones."""
    x, weights, bias = torch.ones(1, 2, 4, 4), torch.full((3, 2, 3, 3), -1.0), torch.ones(3)
    expected = torch_convolution(weights, bias, SAME, "leaky")(x)
    try:
        y = onednn_convolution(weights.to(dtype), bias, SAME, "leaky")(x.to(dtype))
    except (AttributeError, RuntimeError, TypeError):
        return False
    near = 16 * torch.finfo(dtype).eps
    return y.dtype is dtype and torch.allclose(y.float(), expected, atol=near)
