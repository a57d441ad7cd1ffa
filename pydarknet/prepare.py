"""A trained network in its fastest form on a CPU: batch norm folded, weights packed for oneDNN.

oneDNN's operators of torch that convolve and activate in one pass have private names: here alone
they are known, tried once, and done without where they are missing or wrong.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .activations import ONEDNN, overwriting
from .malloc import keep_freed_memory
from .ops import Conv
from .winograd import WinogradConv, filtering

if TYPE_CHECKING:
    from .network import Network


SAME = ((1, 1), (1, 1), (1, 1), 1)  # padding, stride, dilation and groups of most convolutions


class Fast(NamedTuple):
    """The fast form of a network, and the values that it was made of."""

    made_of: object
    network: Network


def fast_form(network: Network, *, many: bool = False) -> Network:
    """Return the fast form of a network, made anew where a value or the size changed.

    For `many` images it takes longer to make. In training, and where there is none, it is the
    network itself.
    """
    tensors = list(network.state_dict().values())
    plain = network.training or network.device.type != "cpu"
    made = any(isinstance(module, PackedConv) for module in network.stack)
    if plain or made or any(t.is_meta or t.is_inference() for t in tensors):
        return network
    made_of = (many, network.input, [(t.data_ptr(), t._version) for t in tensors])
    if network.fast is None or network.fast.made_of != made_of:
        network.fast = Fast(made_of, prepare(network, many=many))
    return network.fast.network


def prepare(network: Network, *, many: bool = False) -> Network:
    """Return a network of the same layers that infers faster; it shares all but its convolutions.

    It cannot learn, be resized or saved: the other one can.
    """
    keep_freed_memory()
    fast, made = copy.copy(network), [prepared(module, many) for module in network.stack]
    fast._modules = {**network._modules, "stack": nn.ModuleList(made)}
    return fast


def prepared(module: nn.Module, many: bool) -> nn.Module:
    """Return the fast form of a layer's module, itself where there is none."""
    if type(module) is not Conv:
        return module
    with torch.no_grad():
        return PackedConv(module, many)


class PackedConv(nn.Module):
    """A convolution and all that its layer does after it; batch norm is in its weights.

    For `many` images those of 3 x 3 go Winograd's way where it pays: scores move by 1e-5 or so.

    Darknet: src/network.c fuse_conv_batchnorm (AlexeyAB)
    """

    def __init__(self, conv: Conv, many: bool = False) -> None:
        super().__init__()
        self.weights, self.bias = folded(conv)
        self.way = (conv.padding, conv.stride, (conv.dilation,) * 2, conv.groups)
        fused = ONEDNN.get(conv.activate.word) if operators_work() else None
        self.fused = fused or ("none", [])
        self.after: Callable[[Tensor], Tensor] = overwriting(
            "linear" if fused else conv.activate.word
        )
        self.blur = conv.blur
        self.packed: Tensor | None = None
        self.activate = overwriting(conv.activate.word)
        self.tiled: WinogradConv | None = None
        self.may_tile = many and conv.weights.shape[2] == 3 and self.way == SAME

    def forward(self, x: Tensor) -> Tensor:
        if self.may_tile:
            self.tile(x.shape)
        y = self.activate(self.tiled(x)) if self.tiled else self.after(self.convolved(x))
        return self.blur(y) if self.blur else y

    def tile(self, size: torch.Size) -> None:
        """Go Winograd's way if that pays for inputs of a size."""
        n, c = self.weights.shape[:2]
        form = filtering(c, n, size)
        self.tiled = WinogradConv(self.weights, self.bias, form) if form else None
        self.may_tile = False

    def convolved(self, x: Tensor) -> Tensor:
        """Return the convolution with its bias, and the activation if oneDNN has it."""
        padding, stride, dilation, groups = self.way
        if not operators_work():
            return F.conv2d(x, self.weights, self.bias, stride, padding, dilation, groups)
        if self.packed is None:  # in the order that is best for maps of this size
            self.packed = packed(self.weights, *self.way, x.shape)
        return pointwise(x, self.packed, self.bias, *self.way, *self.fused, "")


def folded(conv: Conv) -> tuple[Tensor, Tensor]:
    """Return the weights and the bias of a convolution that does its batch norm's work too.

    Darknet: src/network.c fuse_conv_batchnorm (AlexeyAB)
    """
    weights, bias = conv.weights.detach(), conv.biases.detach()
    if conv.norm is None:
        return weights, bias
    factor = conv.norm.scales.detach() / conv.norm.divisor()
    return weights * factor[:, None, None, None], bias - conv.norm.rolling_mean * factor


def packed(
    weights: Tensor,
    padding: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    groups: int,
    size: torch.Size,
) -> Tensor:
    """Return weights in the order that oneDNN likes best for inputs of a size."""
    order: Tensor = torch.ops.mkldnn._reorder_convolution_weight(
        weights, padding, stride, dilation, groups, list(size)
    )
    return order


def pointwise(x: Tensor, *words: object) -> Tensor:
    """Return oneDNN's convolution and activation in one pass."""
    y: Tensor = torch.ops.mkldnn._convolution_pointwise(x, *words)
    return y


@cache
def operators_work() -> bool:
    """Say whether this torch has the operators, and they give what the public ones give."""
    x, weights, bias = torch.ones(1, 2, 4, 4), torch.full((3, 2, 3, 3), -1.0), torch.ones(3)
    way = ((1, 1), (1, 1), (1, 1), 1)
    try:
        y = pointwise(x, packed(weights, *way, x.shape), bias, *way, "leaky_relu", [0.1], "")
        expected = F.leaky_relu(F.conv2d(x, weights, bias, 1, 1), 0.1)
        return torch.allclose(y, expected, atol=1e-5)
    except (AttributeError, RuntimeError, TypeError):
        return False
