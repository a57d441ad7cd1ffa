"""The end of the program: at once, after all that asked to be called at its exit."""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress
from typing import Final

STATUS: Final[list[int]] = []  # of the program that ends, once it is known


def end_quickly() -> None:
    """Let the process end without taking apart what is in memory, which takes a while.

    What is registered first is called last, so that this is to be called before anything else.
    """
    atexit.register(end)


def exit_with(status: int) -> None:
    """End the program with a status."""
    STATUS[:] = [status]
    sys.exit(status)


def end() -> None:
    """End the process now, if its status is known and all is written."""
    if not STATUS:
        return
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(STATUS[0])
