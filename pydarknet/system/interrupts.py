"""How a signal ends the program at work: with its status, its files closed, and without a trace."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

from .starting import DIED_BY, quit_at_once, quit_on_interrupt


def unwind_on_signals() -> None:
    """Let Ctrl-C and SIGTERM end the program by an exception, from any place.

    Where none can be raised, as while an object is freed, Python would print the interrupt and go
    on: there it ends the process at once. What is ignored, as in a background job, stays ignored.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, unwind)
    sys.unraisablehook = quit_on_lost_interrupt


def unwind(number: int, frame: FrameType | None) -> NoReturn:
    """Raise the exception that ends the process with the status of a signal."""
    raise SystemExit(DIED_BY + number)


UNWOUND: Final = DIED_BY + signal.SIGTERM  # the only signal that is unwound so


def quit_on_lost_interrupt(lost: sys.UnraisableHookArgs) -> None:
    """End the process by a signal whose exception cannot be raised; print what else cannot be."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        quit_at_once(signal.SIGINT)
    if isinstance(lost.exc_value, SystemExit) and lost.exc_value.code == UNWOUND:
        quit_at_once(signal.SIGTERM)
    sys.__unraisablehook__(lost)


@contextmanager
def block_interrupts() -> Iterator[None]:
    """Let no Ctrl-C reach this thread and the processes that it starts, which keep that, inside.

    The thread gets it at the end of the block, unless another one took it. Windows cannot do so.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def quit_on_interrupt_inside() -> Iterator[None]:
    """Let Ctrl-C end the process at once in this block, where it imports modules."""
    before = signal.getsignal(signal.SIGINT)
    ours = threading.current_thread() is threading.main_thread()
    if ours:
        quit_on_interrupt()
    yield
    if ours:
        signal.signal(signal.SIGINT, before)
