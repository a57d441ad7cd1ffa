"""The options that training does not support."""

from __future__ import annotations

from ..cfg.options import untrainable_options
from ..graph.executor import Executor
from .losses import owns_cost


def check_trainable(network: Executor) -> None:
    """Raise the error of the first option that training does not support."""
    net = network.net
    if not any(owns_cost(layer) for layer in network.layers):
        raise net.error("nothing to learn: expected a layer with a loss")
    for name in untrainable_options(net):
        raise net.error(f"{name} is not supported in training: expected a cfg without it")
    for layer in network.layers:
        for name in untrainable_options(layer):
            raise layer.error(f"{name} is not supported in training: expected a layer without it")
