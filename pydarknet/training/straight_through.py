"""Where a training's gradient goes straight through, and where it ends."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from torch import Tensor, nn
from torch.autograd import Function
from torch.utils.hooks import RemovableHandle

from ..cfg.net import Net, NetAlexeyAB
from ..layers import Node
from ..network import Network
from .losses import by_autograd


class Straight(Function):
    """A head's output, whose delta goes to the head's input as it is.

    Darknet: src/softmax_layer.c backward_softmax_layer
    Quirk: DELTAS_PASS_HEADS
    """

    @staticmethod
    def forward(context: Any, raw: Tensor, activated: Tensor) -> Tensor:
        context.shape = raw.shape
        return activated.detach()

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0].reshape(context.shape), None


def straighten(network: Network) -> list[RemovableHandle]:
    """Let gradients pass every head as the C does, and end at `onlyforward` layers.

    Returns what undoes it.
    """
    handles = []
    for node, module in zip(network.nodes, network.stack, strict=True):
        if node.layer.onlyforward and ends_gradient(network.net, node):
            handles.append(module.register_forward_hook(ended))
        elif passes_straight(node):
            handles.append(module.register_forward_hook(straight))
    return handles


def passes_straight(node: Node) -> bool:
    """Return whether a layer is a head that passes a later layer's delta on as it is.

    A head whose loss autograd differentiates does not: there a gradient is a gradient.
    """
    same_size = node.output.outputs == node.inputs[0].outputs
    return node.layer.head and same_size and not by_autograd(node.layer)


def ended(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
    """Replace a layer's output by one that no gradient passes."""
    return output.detach()


def straight(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
    """Replace a head's output by one that gradients pass."""
    if not module.training or not inputs[0].requires_grad:
        return output
    passed: Tensor = Straight.apply(inputs[0], output)
    return passed


@singledispatch
def ends_gradient(net: Net, node: Node) -> bool:
    """Say whether `onlyforward` keeps a layer from passing gradients: in the original, heads only.

    Darknet: src/network.c backward_network (AlexeyAB)
    """
    return node.layer.head


@ends_gradient.register
def _(net: NetAlexeyAB, node: Node) -> bool:
    return True
