"""Networks that compute in bfloat16 on a CPU: batch norm folded, weights packed for oneDNN.

Convolutions, and layers that only move, compare or add values, compute in bfloat16, and sum in
float32. Every other layer takes and returns float32. So does a convolution that gains nothing, of
few products a value, which halves the errors of networks of depthwise convolutions; and one that a
head reads.
"""

from __future__ import annotations

import platform
from functools import cache

import torch
from torch import nn

from ..errors import UsageError
from ..graph.executor import Executor
from ..layers import Node
from ..modules.ops import Conv
from ..runtime.precision import BFLOAT16
from ..system import processor
from ..system.console import note
from .half import InFloat32, moves_values
from .measurement import Watch
from .onednn import SAME, direct_convolution
from .packed_conv import PackedConv

LEAST = 32  # products a value: as many as AVX-512 and AMX take at once
TRIED = (1, 128, 26, 26)  # the input of the convolution that is timed
LIKE = 1.05  # a ratio of times that is no difference


def bfloat16_modules(network: Executor) -> list[nn.Module]:
    """Return the modules of a network's layers, in bfloat16 where that is safe and gains."""
    read = {source for node in network.nodes if node.layer.head for source in node.sources}
    exact = {network.result, *read}
    return [
        bfloat16_module(node, module, exact=node.index in exact)
        for node, module in zip(network.nodes, network.stack, strict=True)
    ]


def bfloat16_module(node: Node, module: nn.Module, *, exact: bool) -> nn.Module:
    """Return a layer's module in bfloat16 where that is safe and gains, unless it is `exact`."""
    if type(module) is Conv:
        few = module.weights[0].numel() < LEAST
        return PackedConv(module, torch.float32 if exact or few else torch.bfloat16)
    return InFloat32(module) if exact or not moves_values(node, module) else module


@cache
def has_bfloat16() -> bool:
    """Return whether this processor multiplies bfloat16, and torch convolves by oneDNN."""
    words = processor.words()
    able = bool(words & processor.FEATURES["BF16"]) if words else torch_says_so()
    return able and torch.backends.mkldnn.is_available()


def torch_says_so() -> bool:
    """Return whether torch finds the instructions, whatever the system; never if it is too old."""
    if platform.machine().lower() in ("arm64", "aarch64"):
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, bool)() for name in names)


def check_bfloat16(asked: str) -> None:
    """Raise UsageError, which begins with what `asked`, if this processor has no bfloat16."""
    if not has_bfloat16():
        raise UsageError(
            f"{asked}: expected a processor with AVX512-BF16, AMX or Arm's BF16; this one has none"
        )


def check_precision(word: str | None, device: torch.device, backend: str | None) -> None:
    """Raise UsageError if a network on the device cannot compute in a precision."""
    if word != BFLOAT16:
        return
    if backend is not None:
        raise UsageError(f"precision {BFLOAT16} is torch's: expected no backend {backend}")
    if device.type not in ("cpu", "meta"):
        raise UsageError(f"precision {BFLOAT16}: expected a CPU (-nogpu), the device is {device}")
    check_bfloat16(f"precision {BFLOAT16}")


@cache
def tell_if_slower(mend: str) -> None:
    """Note if bfloat16 is slower than float32 here, as one convolution shows in milliseconds.

    `mend` is the flag that computes in float32.
    """
    ratio = time_beside_float32()
    if ratio > LIKE:
        note(
            f"bfloat16 is slower than float32 on this processor: a convolution takes {ratio:.1f}"
            f" times as long; {mend} is faster here"
        )


def time_beside_float32() -> float:
    """Return the time of a convolution in bfloat16, divided by its time in float32.

    Both are timed by turns: what else runs on the machine slows both.
    """
    x = torch.rand(TRIED).contiguous(memory_format=torch.channels_last)
    weights, bias = torch.rand(TRIED[1], TRIED[1], 3, 3), torch.rand(TRIED[1])
    plain = direct_convolution(weights, bias, SAME, "linear")
    half, narrow = direct_convolution(weights.bfloat16(), bias, SAME, "linear"), x.bfloat16()
    runs = {True: lambda: half(narrow), False: lambda: plain(x)}
    least = Watch(torch.get_num_threads()).best_times(runs, every=True)
    return least[True] / least[False]
