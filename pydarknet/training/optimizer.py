"""Darknet's update of the parameters: which decay, at which rate, and which stay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatch

import torch
from torch import nn

from ..cfg.net import Net, NetAlexeyAB
from ..layers import Layer, Node
from ..modules.parameters import Parametric
from ..network import Network


@dataclass(frozen=True)
class Trained:
    """A parameter with its layer, whether it decays, and whether it is updated at all."""

    tensor: nn.Parameter
    node: Node
    decays: bool
    still: bool  # gets no gradient, but decays as if it were zero


def trained(network: Network) -> list[Trained]:
    """Return the parameters that updates touch, each once; the others no longer want gradients.

    Darknet: src/convolutional_layer.c update_convolutional_layer, src/network.c backward_network
    """
    still, left_out = frozen(network.net, network.nodes)
    found: dict[int, Trained] = {}
    for node, module in zip(network.nodes, network.stack, strict=True):
        for parameter, decays in parameters(module):
            out = node.index in left_out or node.layer.unlearned
            parameter.requires_grad_(not out and node.index not in still)
            if not out and id(parameter) not in found:
                found[id(parameter)] = Trained(parameter, node, decays, node.index in still)
    return list(found.values())


def parameters(module: nn.Module) -> Iterator[tuple[nn.Parameter, bool]]:
    """Yield each parameter of a layer's module, and whether it decays."""
    for part in module.modules():
        for name, parameter in part.named_parameters(recurse=False):
            yield parameter, isinstance(part, Parametric) and name in part.decayed


@singledispatch
def frozen(net: Net, nodes: list[Node]) -> tuple[set[int], set[int]]:
    """Return the layers that only decay, and those that are left out of updates altogether.

    Up to the last `stopbackward` layer the original gives no gradient, and decays on.

    Darknet: src/network.c backward_network
    Quirk: FROZEN_LAYERS_DECAY
    """
    last = max((n.index for n in nodes if n.layer.stopbackward), default=-1)
    return set(range(last + 1)), set()


@frozen.register
def _(net: NetAlexeyAB, nodes: list[Node]) -> tuple[set[int], set[int]]:
    last = max((n.index for n in nodes if n.layer.stopbackward == 1), default=-1)
    normalised = max((n.index for n in nodes if n.layer.train_only_bn), default=-1)
    return ({last} if last >= 0 else set()), {*range(last), *range(normalised + 1)}


def inference_only(network: Network) -> set[int]:
    """Return the layers that keep their rolling statistics: the fork's before `stopbackward=1`.

    Darknet: src/parser.c parse_network_cfg_custom (AlexeyAB)
    """
    still, left_out = frozen(network.net, network.nodes)
    before = set(range(max(still, default=0)))
    return before & left_out


def optimizer(network: Network, parts: list[Trained]) -> torch.optim.Optimizer:
    """Return SGD with Darknet's momentum and decay, or Adam where `adam=1`.

    A group has the parameters of one `learning_rate` scale and one decay. Gradients are the mean
    over the batch for SGD; for Adam their sum, whose size its epsilon knows, and all decay.

    Darknet: src/blas_kernels.cu adam_update_gpu, src/convolutional_layer.c
    Quirk: ADAM_ON_SUMS
    """
    net = network.net
    groups: dict[tuple[float, bool], list[nn.Parameter]] = {}
    for part in parts:
        key = (part.node.layer.learning_rate, part.decays or net.adam)
        groups.setdefault(key, []).append(part.tensor)
    decay = net.decay * images_of_update(net) if net.adam else net.decay
    listed = [
        {"params": tensors, "scale": scale, "weight_decay": decay if decays else 0.0}
        for (scale, decays), tensors in groups.items()
    ]
    if net.adam:
        return torch.optim.Adam(listed, lr=0.0, betas=(net.B1, net.B2), eps=net.eps)
    return torch.optim.SGD(listed, lr=0.0, momentum=net.momentum)


def mini_batch(net: Net) -> int:
    """Return how many images go through the network at once: all steps of all sequences.

    The fork takes one where `subdivisions` exceeds `batch`, the original none and fails.

    Darknet: src/parser.c parse_net_options
    """
    return max(net.batch // net.subdivisions, 1) * net.time_steps


def images_of_update(net: Net) -> int:
    """Return how many images an update is made of."""
    return mini_batch(net) * net.subdivisions


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Let the next update go at a rate, times each group's scale."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["scale"]


def waits(layer: Layer, net: Net, batch: int) -> bool:
    """Say whether a layer is not yet updated at a batch.

    Darknet: src/network_kernels.cu update_network_gpu (AlexeyAB)
    """
    return layer.burnin_update * net.burn_in > batch or 0 < batch <= layer.dont_update


def prepare_gradients(parts: list[Trained], net: Net, batch: int) -> None:
    """Give zeros to what only decays, and nothing to what waits."""
    for part in parts:
        if waits(part.node.layer, net, batch):
            part.tensor.grad = None
        elif part.still and part.tensor.grad is None:
            part.tensor.grad = torch.zeros_like(part.tensor)


def clip_weights(parts: list[Trained], net: Net) -> None:
    """Hold decaying weights within `clip`, of the layer in the fork, else of [net].

    Darknet: src/convolutional_kernels.cu update_convolutional_layer_gpu
    """
    with torch.no_grad():
        for part in parts:
            limit = part.node.layer.clip or net.clip
            if limit and part.decays:
                part.tensor.clamp_(-limit, limit)


def centre_gradients(network: Network) -> None:
    """Take each filter's mean from its gradient, in layers of `grad_centr=1` with batch norm.

    Darknet: src/convolutional_kernels.cu update_convolutional_layer_gpu (AlexeyAB)
    """
    for node, module in zip(network.nodes, network.stack, strict=True):
        if getattr(node.layer, "grad_centr", False) and getattr(module, "norm", None) is not None:
            gradient = module.get_parameter("weights").grad
            if gradient is not None and gradient[0].numel() % 32 == 0:
                gradient.sub_(gradient.mean((1, 2, 3), keepdim=True))
