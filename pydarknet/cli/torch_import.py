"""The import of torch and of all that needs it, once a command must have it."""

from __future__ import annotations

import gc
import sys

from ..system.interrupts import quit_on_interrupt_inside
from ..system.malloc import share_memory
from ..system.memory import memory_errors
from ..system.torch_errors import torch_errors

FOR_TORCH = "torch alone needs about a gigabyte: raise the limit (ulimit -v, or the container's)"


def import_networks() -> None:
    """Import what every network needs, and let Python's collector rest meanwhile.

    The import makes a million objects, none of them rubbish, and would be looked through over and
    over: this is a tenth of the time.
    """
    if "torch" in sys.modules:
        return
    share_memory()
    gc.disable()
    try:
        with torch_errors(), memory_errors(FOR_TORCH), quit_on_interrupt_inside():
            from .. import load as load
    finally:
        gc.freeze()
        gc.enable()
