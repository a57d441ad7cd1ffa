"""The fork's moving average of the weights (`ema_alpha`), which takes their place near the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from ..modules.ops import Conv
from ..network import Network

LAST: int = 1000  # iterations that are trained on from the averages


class MovingAverage:
    """Averages of the convolutions' weights, biases and scales, from the middle of training on.

    Darknet: src/network.c ema_update, ema_apply, train_network_datum (AlexeyAB)
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.alpha, self.max_batches = network.net.ema_alpha, network.net.max_batches
        self.values: dict[str, Tensor] = {}

    def averaged(self) -> dict[str, Tensor]:
        """Return the parameters that are averaged, by name."""
        return {
            f"{path}.{name}": parameter
            for path, module in self.network.named_modules()
            if isinstance(module, Conv)
            for name, parameter in module.named_parameters()
        }

    def update(self, batch: int) -> str:
        """Follow the parameters after an update, or put the averages in their place; say so."""
        if not self.alpha or batch < self.max_batches // 2:
            return ""
        live = {name: parameter.detach() for name, parameter in self.averaged().items()}
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
        """Let the averages be the parameters for a while."""
        live = {name: value.detach().clone() for name, value in self.averaged().items()}
        self.apply()
        try:
            yield
        finally:
            with torch.no_grad():
                for name, parameter in self.averaged().items():
                    parameter.copy_(live[name])

    def apply(self) -> None:
        """Put the averages in the place of the parameters."""
        with torch.no_grad():
            for name, parameter in self.averaged().items():
                parameter.copy_(self.values[name])
