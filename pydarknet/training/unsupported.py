"""What training does not support, or this machine cannot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..cfg.options import untrainable_options
from ..dataset.input_size import input_size
from ..graph.nodes import place
from ..layers import DetectionHead, detection_heads
from ..network import Network
from .losses import owns_cost
from .memory_check import check_iteration


def check_trainable(network: Network) -> None:
    """Raise the error of the first option that training does not support, or of too many images."""
    net = network.net
    if not any(owns_cost(layer) for layer in network.layers):
        raise net.error("nothing to learn: expected a layer with a loss")
    for name in untrainable_options(net):
        raise net.error(f"{name} is not supported in training: expected a cfg without it")
    for layer in network.layers:
        for name in untrainable_options(layer):
            raise layer.error(f"{name} is not supported in training: expected a layer without it")
    check_alike(detection_heads(network.layers))
    check_sizes(network)
    check_iteration(network)


def check_alike(heads: Iterable[DetectionHead]) -> None:
    """Raise an error for a section that shares a loss with an earlier one but not its options."""
    firsts: dict[str, DetectionHead] = {}
    for head in heads:
        first = firsts.setdefault(head.section.name, head)
        for name, expected in first.alike.items():
            if head.alike.get(name, expected) != expected:
                where = f"the [{head.section.name}] of line {first.section.line}"
                raise head.section.option_error(name, f"expected {expected}, as in {where}")


def check_sizes(network: Network) -> None:
    """Raise an error if the maps of the two largest random sizes do not fit together."""
    sizes = input_size(network, 0)
    width, height = sizes.largest
    for less in (0, sizes.step) if sizes.step else ():
        w, h = max(width - less, sizes.step), max(height - less, sizes.step)
        place(network.layers, replace(network.input, h=h, w=w))
