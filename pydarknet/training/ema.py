"""The fork's moving average of the weights (`ema_alpha`), which replaces them near the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from ..graph.executor import Executor
from ..modules.ops import Conv

LAST: int = 1000  # iterations at the end, which continue from the averages


class MovingAverage:
    """Averages of the convolutions' weights, biases and scales, from the middle of training on.

    Darknet: src/network.c ema_update, ema_apply, train_network_datum (AlexeyAB)
    """

    def __init__(self, network: Executor) -> None:
        self.network = network
        self.alpha, self.max_batches = network.net.ema_alpha, network.net.max_batches
        self.values: dict[str, Tensor] = {}

    def parameters(self) -> dict[str, Tensor]:
        """Return the parameters that have an average, by name."""
        return {
            f"{path}.{name}": parameter
            for path, module in self.network.named_modules()
            if isinstance(module, Conv)
            for name, parameter in module.named_parameters()
        }

    def update(self, batch: int) -> str:
        """Update the averages, or replace the parameters by them; return the fork's line."""
        if not self.alpha or batch < self.max_batches // 2:
            return ""
        live = {name: parameter.detach() for name, parameter in self.parameters().items()}
        if not self.values:
            self.values = {name: value.clone() for name, value in live.items()}
        if batch == self.max_batches - LAST:
            self.apply()
            return " ema_apply() "
        if batch > self.max_batches - LAST:
            return ""
        for name, value in live.items():
            self.values[name].lerp_(value, 1 - self.alpha)
        return f" ema_update(), ema_alpha = {self.alpha:f} "

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Replace the parameters by the averages inside the context."""
        live = {name: value.detach().clone() for name, value in self.parameters().items()}
        self.apply()
        try:
            yield
        finally:
            with torch.no_grad():
                for name, parameter in self.parameters().items():
                    parameter.copy_(live[name])

    def apply(self) -> None:
        """Replace the parameters by the averages."""
        with torch.no_grad():
            for name, parameter in self.parameters().items():
                parameter.copy_(self.values[name])
