"""The precision of `-amp`, automatic mixed precision."""

from __future__ import annotations

import torch

from ..errors import UsageError


def amp_of(word: str | None, device: torch.device) -> torch.dtype | None:
    """Return the precision that a word names; if omitted, bfloat16 on a GPU that has it."""
    words = {"bf16": torch.bfloat16, "fp16": torch.float16, "off": None}
    if word is None:
        fast = device.type == "cuda" and torch.cuda.is_bf16_supported()
        return torch.bfloat16 if fast else None
    if word not in words:
        raise UsageError(f"-amp {word}: expected one of {', '.join(words)}")
    return words[word]
