"""Heads that pass gradients on unchanged, and layers that pass none."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from torch import Tensor, nn
from torch.autograd import Function
from torch.utils.hooks import RemovableHandle

from ..cfg.net import Net, NetAlexeyAB
from ..graph.executor import Executor
from ..layers import Node
from .losses import by_autograd


class Straight(Function):
    """The output of a head; its gradient goes to the head's input unchanged.

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


def straighten(network: Executor) -> list[RemovableHandle]:
    """Make gradients pass every head unchanged, as in the C, and end at `onlyforward` layers.

    Returns the hooks, to remove them.
    """
    handles = []
    for node, module in zip(network.nodes, network.stack, strict=True):
        if node.layer.onlyforward and ends_gradient(network.net, node):
            handles.append(module.register_forward_hook(detach_output))
        elif passes_straight(node):
            handles.append(module.register_forward_hook(pass_straight))
    return handles


def passes_straight(node: Node) -> bool:
    """Return whether a layer is a head that passes a later layer's delta on unchanged.

    A head whose loss autograd differentiates has true gradients, and does not.
    """
    same_size = node.output.outputs == node.inputs[0].outputs
    return node.layer.head and same_size and not by_autograd(node.layer)


def detach_output(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
    """Replace a layer's output by one without a graph."""
    return output.detach()


def pass_straight(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
    """Replace a head's output by one that passes gradients straight to the head's input."""
    if not module.training or not inputs[0].requires_grad:
        return output
    passed: Tensor = Straight.apply(inputs[0], output)
    return passed


@singledispatch
def ends_gradient(net: Net, node: Node) -> bool:
    """Return whether `onlyforward` stops gradients at a layer: in the original, at heads only.

    Darknet: src/network.c backward_network (AlexeyAB)
    """
    return node.layer.head


@ends_gradient.register
def _(net: NetAlexeyAB, node: Node) -> bool:
    return True
