"""Copies from the host to a GPU, for which the host does not wait."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch
import torch.nn.functional as F
from torch import Tensor

ALIGNED = 8  # bytes, of the largest numbers


def on_device(tensor: Tensor, device: torch.device) -> Tensor:
    """Return a tensor on a device; to a GPU it is copied from pinned memory, in its stream's turn.

    A copy from pageable memory would wait for all that the GPU still has to do.
    """
    if device.type != "cuda" or tensor.device.type != "cpu":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


def all_on_device(tensors: Sequence[Tensor], device: torch.device) -> list[Tensor]:
    """Return tensors of the CPU on a device; to a GPU all go by one copy, as bytes."""
    if device.type != "cuda" or any(tensor.device.type != "cpu" for tensor in tensors):
        return [on_device(tensor, device) for tensor in tensors]
    parts = [bytes_of(tensor) for tensor in tensors]
    padded = [F.pad(part, (0, -len(part) % ALIGNED)) for part in parts]
    starts = accumulate((len(part) for part in padded), initial=0)
    held = on_device(torch.cat(padded), device)
    return [
        held[start : start + len(part)].view(tensor.dtype).view(tensor.shape)
        for start, part, tensor in zip(starts, parts, tensors, strict=False)
    ]


def bytes_of(tensor: Tensor) -> Tensor:
    """Return the bytes of a tensor, uint8 [n]."""
    return tensor.reshape(-1).contiguous().view(torch.uint8)
