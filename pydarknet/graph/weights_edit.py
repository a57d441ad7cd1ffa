"""What the commands on weights files make of a loaded network's convolutions and matrices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ..layers import Node
from ..modules.ops import Connected, Conv
from .executor import Executor

RGB = 3


@dataclass(frozen=True)
class Part:
    """A convolution or a matrix of a network; in a layer of several each is a gate of a name."""

    node: Node
    module: Conv | Connected
    kind: str  # of the layer, as Darknet prints it
    gate: str = ""


def parts(network: Executor) -> Iterator[Part]:
    """Yield what the commands on weights files edit; other layers they leave as they are.

    Darknet: examples/darknet.c reset_normalize_net
    """
    for node, module in zip(network.nodes, network.stack, strict=True):
        if node.shares is None:
            yield from (Part(node, *part) for part in node.layer.editable(module))


def first_convolution(network: Executor) -> Part:
    """Return the first convolution, or refuse a network that has none."""
    found = next((part for part in parts(network) if isinstance(part.module, Conv)), None)
    if found is None:
        raise network.net.error("the network has no convolution: expected one")
    return found


@torch.no_grad()
def swap_red_and_blue(network: Executor) -> bool:
    """Let the first convolution take BGR for RGB; say whether it reads three channels.

    Darknet: src/convolutional_layer.c rgbgr_weights
    """
    weights = first_convolution(network).module.weights
    if weights.shape[1] != RGB:
        return False
    weights.copy_(weights.flip(1))
    return True


@torch.no_grad()
def rescale(network: Executor) -> bool:
    """Let the first convolution take 0..1 for -1..1; say whether it reads three channels.

    Sums run in the order of memory, in single precision, as in a C program that was compiled
    without -Ofast.

    Darknet: src/convolutional_layer.c rescale_weights
    """
    conv = first_convolution(network).module
    if conv.weights.shape[1] != RGB:
        return False
    conv.weights.mul_(2)
    total = torch.zeros_like(conv.biases)
    for column in conv.weights.flatten(1).unbind(1):
        total += column
    conv.biases.sub_(total * 0.5)
    return True


@torch.no_grad()
def normalize(network: Executor) -> None:
    """Give a batch norm that changes nothing to the convolutions and matrices that have none.

    Its variance is 0, as memory is before training. The fork also empties the batch norm of
    gated layers that have one; here they keep it.

    Darknet: examples/darknet.c normalize_net
    Quirk: NORMALIZE_EMPTIES_GATES
    """
    for part in parts(network):
        if part.module.norm is None and not part.gate:
            norm = part.node.layer.reading.batch_norm(len(part.module.biases))
            for name, tensor in [*norm.named_parameters(), *norm.named_buffers()]:
                norm.fill(name, tensor, None)
            part.module.norm = norm


@torch.no_grad()
def reset(network: Executor) -> None:
    """Move batch norm into weights and biases, and leave one that changes nothing.

    Darknet: examples/darknet.c reset_normalize_net
    """
    for part in parts(network):
        fold(part.module, network.dialect.single_epsilon)


@torch.no_grad()
def denormalize(network: Executor) -> None:
    """Move batch norm into weights and biases, and drop it.

    Darknet: examples/darknet.c denormalize_net
    """
    reset(network)
    for part in parts(network):
        part.module.norm = None


def fold(module: Conv | Connected, single_epsilon: bool) -> None:
    """Move the batch norm of a module into its weights and biases, if it has one.

    Matrices have an epsilon of their own here, a tenth of the one that they are run with.

    Darknet: src/convolutional_layer.c denormalize_convolutional_layer,
    src/connected_layer.c denormalize_connected_layer
    Quirk: DENORMALIZE_EPSILON
    """
    norm = module.norm
    if norm is None:
        return
    if isinstance(module, Conv):
        variance = norm.rolling_variance.double() + 1e-5
    elif single_epsilon:
        variance = (norm.rolling_variance + 1e-6).double()
    else:
        variance = norm.rolling_variance.double() + 1e-6
    scale = (norm.scales.double() / variance.sqrt()).float()
    module.weights.mul_(scale.view(-1, *[1] * (module.weights.dim() - 1)))
    module.biases.sub_(norm.rolling_mean * scale)
    norm.scales.fill_(1)
    norm.rolling_mean.zero_()
    norm.rolling_variance.fill_(1)


@torch.no_grad()
def add(network: Executor, other: Executor) -> None:
    """Add another network's numbers to a network's, for their mean.

    What is neither convolution nor matrix, and the batch norm of matrices, stays as it is.

    Darknet: examples/darknet.c average
    Quirk: AVERAGE_OF_SOME
    """
    for total, array in zip(averaged_arrays(network), averaged_arrays(other), strict=True):
        total.add_(array)


@torch.no_grad()
def divide(network: Executor, count: int) -> None:
    """Divide a sum of n networks by n.

    Darknet: examples/darknet.c average
    """
    for total in averaged_arrays(network):
        total.mul_(1 / count)


def averaged_arrays(network: Executor) -> Iterator[Tensor]:
    """Yield the arrays that are averaged."""
    for part in parts(network):
        if not part.gate:
            yield from (part.module.biases, part.module.weights)
        if part.module.norm and isinstance(part.module, Conv):
            norm = part.module.norm
            yield from (norm.scales, norm.rolling_mean, norm.rolling_variance)
