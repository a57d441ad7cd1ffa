"""The import of torch and of all that needs it, once a command must have it."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Final

from ..errors import OutOfMemory
from ..runtime.environment import gpu_may_be_there
from ..system.interrupts import quit_on_interrupt_inside
from ..system.malloc import share_memory, take_memory
from ..system.memory import (
    UNKNOWN,
    address_space,
    free_memory,
    lack_of_memory,
    memory_errors,
    usable_memory,
)
from ..system.torch_errors import torch_errors

FOR_TORCH = "torch alone needs about a gigabyte: raise the limit (ulimit -v, or the container's)"
TIMES, LEAST, MOST = 12, 1 << 26, 1 << 29  # of the bytes of weights; bytes taken ahead
LEAST_SPACE: Final = 640 << 20  # bytes of addresses, without which torch never starts
SHARE: Final = 8  # parts of the memory, of which one may be taken ahead


def import_networks(weights: Path | None = None) -> None:
    """Import what every network needs, and let Python's collector rest meanwhile.

    The import makes a million objects, none of them rubbish, and would be looked through over and
    over: this is a tenth of the time. If many images follow on a CPU, their network's `weights` say
    how much memory a thread takes for them meanwhile.
    """
    if "torch" in sys.modules:
        return
    if address_space() < LEAST_SPACE:  # where the import would crash, or print a thousand lines
        raise OutOfMemory(lack_of_memory(), hint=FOR_TORCH)
    share_memory()
    if weights is not None and not gpu_may_be_there() and (size := memory_for(weights)):
        take_memory(size)
    gc.disable()
    try:
        with torch_errors(), memory_errors(FOR_TORCH), quit_on_interrupt_inside():
            from .. import load as load
    finally:
        gc.freeze()
        gc.enable()


def memory_for(weights: Path) -> int:
    """Return how many bytes are taken ahead for a network of these weights, and its images.

    Weights are read, folded, packed, and spread for Winograd's tiles. Nothing is taken where
    addresses are limited, or several processes share the machine.
    """
    if address_space() < UNKNOWN or "LOCAL_WORLD_SIZE" in os.environ:
        return 0
    try:
        size = weights.stat().st_size
    except OSError:  # whoever opens it says so
        size = 0
    return min(LEAST + TIMES * size, MOST, min(usable_memory(), free_memory()) // SHARE)
