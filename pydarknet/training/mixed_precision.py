"""The precision of `-amp`, automatic mixed precision."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from ..errors import UsageError
from ..graph.executor import Executor
from .losses import owns_cost


def amp_of(word: str | None, device: torch.device) -> torch.dtype | None:
    """Return the precision that a word names; if omitted, bfloat16 on a GPU that has it."""
    words = {"bf16": torch.bfloat16, "fp16": torch.float16, "off": None}
    if word is None:
        fast = device.type == "cuda" and torch.cuda.is_bf16_supported()
        return torch.bfloat16 if fast else None
    if word not in words:
        raise UsageError(f"-amp {word}: expected one of {', '.join(words)}")
    return words[word]


def widen_heads(network: Executor) -> list[RemovableHandle]:
    """Let every head take and return float32: in bfloat16 a logistic has no values above .998.

    Returns the hooks, to remove them.
    """
    return [
        module.register_forward_pre_hook(widen)
        for node, module in zip(network.nodes, network.stack, strict=True)
        if node.layer.head or owns_cost(node.layer)
    ]


def widen(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return a module's inputs in float32."""
    return tuple(x.float() for x in inputs)
