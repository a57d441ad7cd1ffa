"""The precision of `-amp`, automatic mixed precision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.amp import GradScaler
from torch.utils.hooks import RemovableHandle

from ..backends.bfloat16 import check_bfloat16, tell_if_slower
from ..errors import UsageError
from ..graph.executor import Executor
from ..runtime.precision import BFLOAT16
from .losses import owns_cost

SCALING = ("cpu", "cuda")  # devices on which torch scales losses


def amp_of(word: str | None, device: torch.device) -> torch.dtype | None:
    """Return the precision that a word names; if omitted, bfloat16 on a GPU that computes in it.

    A CPU computes in bfloat16 only if it is told to; where that is slower, it is noted. Raises
    UsageError for other words, and for bfloat16 on a CPU without it.
    """
    words = {"bf16": torch.bfloat16, "fp16": torch.float16, "off": None}
    if word is None:
        return torch.bfloat16 if computes_in_bfloat16(device) else None
    if word not in words:
        raise UsageError(f"-amp {word}: expected one of {', '.join(words)}")
    if word == BFLOAT16 and device.type == "cpu":
        check_bfloat16(f"-amp {word}")
        tell_if_slower("-amp off")
    return words[word]


def computes_in_bfloat16(device: torch.device) -> bool:
    """Return whether a device is a GPU with instructions for bfloat16: older ones emulate it."""
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)


def scaler_of(amp: torch.dtype | None, device: torch.device) -> GradScaler:
    """Return what scales losses, so that gradients in float16 do not vanish; idle otherwise."""
    return GradScaler(device.type, enabled=amp is torch.float16 and device.type in SCALING)


def scaler_figures(scaler: GradScaler) -> dict[str, float]:
    """Return the scale, and for how many iterations it was right, for the file of a state."""
    counted = {"growth": scaler.state_dict()["_growth_tracker"]} if scaler.is_enabled() else {}
    return {"scale": scaler.get_scale(), **counted}


def restore_scaler(scaler: GradScaler, numbers: Mapping[str, Any]) -> None:
    """Take over the scale of a training in float16; others have a scale of 1 and no count."""
    if scaler.is_enabled() and ("growth" in numbers or numbers["scale"] != 1):
        figures = {"scale": numbers["scale"], "_growth_tracker": numbers.get("growth", 0)}
        scaler.load_state_dict({**scaler.state_dict(), **figures})


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
