"""The options that training does not support, and the precision of mixed precision."""

from __future__ import annotations

import torch

from ..cfg.options import untrainable_options
from ..errors import UsageError
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


def amp_of(word: str | None, device: torch.device) -> torch.dtype | None:
    """Return the precision that a word names; if omitted, bfloat16 on a GPU that has it."""
    words = {"bf16": torch.bfloat16, "fp16": torch.float16, "off": None}
    if word is None:
        fast = device.type == "cuda" and torch.cuda.is_bf16_supported()
        return torch.bfloat16 if fast else None
    if word not in words:
        raise UsageError(f"-amp {word}: expected one of {', '.join(words)}")
    return words[word]
