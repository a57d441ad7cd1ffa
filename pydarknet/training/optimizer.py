"""Darknet's update of the parameters: which ones change, at which rate, with which decay."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatch

import torch
from torch import nn

from ..cfg.net import Net, NetAlexeyAB
from ..graph.executor import Executor
from ..layers import Layer, Node
from ..modules.batch_norm import BatchNorm
from ..modules.ops import Conv
from ..modules.parameters import Parametric
from .update_rules import Adam, Momentum, UpdateRule


@dataclass(frozen=True)
class TrainableParameter:
    """A parameter that updates change, and its layer."""

    tensor: nn.Parameter
    node: Node
    decays: bool
    bound: float | None  # of the sums of its gradients
    still: bool  # has no gradient; decay and momentum act as if it were zero


def trainable_parameters(network: Executor) -> list[TrainableParameter]:
    """Return the parameters that updates change, each once; turn off gradients of the others.

    Darknet: src/convolutional_layer.c update_convolutional_layer, src/network.c backward_network
    Quirk: UNTRAINED_LAYERS
    """
    still, left_out = frozen_layers(network.net, network.nodes)
    found: dict[int, TrainableParameter] = {}
    for node, module in zip(network.nodes, network.stack, strict=True):
        for part, name, parameter in parameters(module):
            out = node.index in left_out or node.layer.frozen
            parameter.requires_grad_(not out and node.index not in still)
            if not out and id(parameter) not in found:
                found[id(parameter)] = TrainableParameter(
                    parameter,
                    node,
                    decays=isinstance(part, Parametric) and name in part.decayed,
                    bound=part.update_bound if isinstance(part, Parametric) else None,
                    still=node.index in still,
                )
    return list(found.values())


def parameters(module: nn.Module) -> Iterator[tuple[nn.Module, str, nn.Parameter]]:
    """Yield a layer's parameters: the part of its module that has each, its name, and itself."""
    for part in module.modules():
        for name, parameter in part.named_parameters(recurse=False):
            yield part, name, parameter


@singledispatch
def frozen_layers(net: Net, nodes: list[Node]) -> tuple[set[int], set[int]]:
    """Return the layers that only decay, and those that no update changes.

    Up to the last `stopbackward` layer the original computes no gradients, but weights decay.

    Darknet: src/network.c backward_network
    Quirk: FROZEN_LAYERS_DECAY
    """
    last = max((n.index for n in nodes if n.layer.stopbackward), default=-1)
    return set(range(last + 1)), set()


@frozen_layers.register
def _(net: NetAlexeyAB, nodes: list[Node]) -> tuple[set[int], set[int]]:
    last = max((n.index for n in nodes if n.layer.stopbackward == 1), default=-1)
    normalised = max((n.index for n in nodes if n.layer.train_only_bn), default=-1)
    return ({last} if last >= 0 else set()), {*range(last), *range(normalised + 1)}


def inference_only(network: Executor) -> set[int]:
    """Return the layers with constant rolling statistics: the fork's before `stopbackward=1`.

    Darknet: src/parser.c parse_network_cfg_custom (AlexeyAB)
    """
    still, left_out = frozen_layers(network.net, network.nodes)
    before = set(range(max(still, default=0)))
    return before & left_out


def rolling_norms(network: Executor) -> Iterator[BatchNorm]:
    """Yield the batch norms that use rolling statistics in training, and leave them as they are."""
    yield from (part for part in network.modules() if isinstance(part, BatchNorm) and part.fixed)


def optimizer(network: Executor, parts: list[TrainableParameter]) -> UpdateRule:
    """Return SGD with Darknet's momentum and decay, or Adam if `adam=1`.

    There is a group of parameters per `learning_rate` scale, decay and bound. SGD gets the mean of
    the batch's gradients. Adam gets their sum, which its epsilon is meant for, and decays all.

    Darknet: src/blas_kernels.cu adam_update_gpu, src/convolutional_layer.c
    Quirk: ADAM_ON_SUMS
    """
    net = network.net
    groups: dict[tuple[float, bool, float], list[nn.Parameter]] = {}
    for part in parts:
        bound = part.bound / images_of_update(net) if part.bound else math.inf
        key = (part.node.layer.learning_rate, part.decays or net.adam, bound)
        groups.setdefault(key, []).append(part.tensor)
    if not groups:
        raise net.error(
            "no layer is left to train: expected a parameter after stopbackward and train_only_bn"
        )
    decay = net.decay * images_of_update(net) if net.adam else net.decay
    listed = [
        {
            "params": tensors,
            "scale": scale,
            "weight_decay": decay if decays else 0.0,
            "bound": bound,
        }
        for (scale, decays, bound), tensors in groups.items()
    ]
    if net.adam:
        return Adam(listed, betas=(net.B1, net.B2), eps=net.eps)
    return Momentum(listed, net.momentum)


def mini_batch(net: Net) -> int:
    """Return the number of images per forward pass: all steps of all sequences.

    Where `subdivisions` exceeds `batch`, the fork takes one; the original takes none and fails.

    Darknet: src/parser.c parse_net_options
    """
    return max(net.batch // net.subdivisions, 1) * net.time_steps


def images_of_update(net: Net) -> int:
    """Return the number of images per update."""
    return mini_batch(net) * net.subdivisions


def set_rate(optimizer: UpdateRule, rate: float) -> None:
    """Set the rate of the next update, times each group's scale."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["scale"]


def is_waiting(layer: Layer, net: Net, batch: int) -> bool:
    """Return whether a layer is not updated yet at a batch.

    Darknet: src/network_kernels.cu update_network_gpu (AlexeyAB)
    """
    return layer.burnin_update * net.burn_in > batch or 0 < batch <= layer.dont_update


def prepare_gradients(parts: list[TrainableParameter], net: Net, batch: int) -> None:
    """Set zero gradients where parameters only decay, and none in layers that are waiting."""
    for part in parts:
        if is_waiting(part.node.layer, net, batch):
            part.tensor.grad = None
        elif part.still and part.tensor.grad is None:
            part.tensor.grad = torch.zeros_like(part.tensor)


def clip_weights(parts: list[TrainableParameter], net: Net) -> None:
    """Clip decaying weights to `clip`: the layer's in the fork, else that of [net].

    Darknet: src/convolutional_kernels.cu update_convolutional_layer_gpu
    """
    with torch.no_grad():
        for part in parts:
            limit = part.node.layer.clip or net.clip
            if limit and part.decays:
                part.tensor.clamp_(-limit, limit)


def centre_gradients(network: Executor) -> None:
    """Subtract its mean from each filter's gradient, where `grad_centr=1` with batch norm.

    Darknet: src/convolutional_kernels.cu update_convolutional_layer_gpu (AlexeyAB)
    """
    for node, module in zip(network.nodes, network.stack, strict=True):
        if node.layer.grad_centr and isinstance(module, Conv) and module.norm is not None:
            gradient = module.weights.grad
            if gradient is not None and gradient[0].numel() % 32 == 0:
                gradient.sub_(gradient.mean((1, 2, 3), keepdim=True))
