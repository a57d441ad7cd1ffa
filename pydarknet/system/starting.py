"""The first thing that the program does: Ctrl-C ends it at once while it imports the rest.

It imports next to nothing itself. A module that is interrupted shows traces, or turns the interrupt
into another error.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from types import FrameType

STARTED = time.monotonic()
DIED_BY = 128  # a shell's status for a program that a signal ended, less the signal's number
PROGRAMS = ("-m", "pydarknet", "pydarknet.exe", "pydarknet-script.py")


def quit_at_once(number: int, frame: FrameType | None = None) -> None:
    """End the process now, with the status of a signal."""
    os._exit(DIED_BY + number)


def quit_on_interrupt() -> None:
    """Let Ctrl-C end the process at once from now on, if it would raise an exception."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, quit_at_once)


def start_lean() -> None:
    """Let numpy's algebra, which this program hardly uses, start without a thread per processor."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def quit_if_program() -> None:
    """Let Ctrl-C end the process at once if this package is the program, not its library."""
    if os.path.basename(sys.argv[0]) in PROGRAMS:
        quit_on_interrupt()


quit_if_program()
