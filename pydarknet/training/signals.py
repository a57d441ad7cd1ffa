"""Ends a training between two iterations when a signal requests it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

HANGUP = signal.SIGHUP if hasattr(signal, "SIGHUP") else signal.SIGTERM  # Windows has none


class Stop:
    """Whether a signal requested the end; a second one interrupts the process at once.

    A terminal that closes may send several.
    """

    number = 0  # of the first signal

    @property
    def requested(self) -> bool:
        """Whether there was a signal."""
        return self.number > 0

    def request(self, number: int, frame: FrameType | None) -> None:
        """Remember a signal."""
        if self.requested and number != HANGUP:
            raise KeyboardInterrupt(number)
        self.number = self.number or number


@contextmanager
def catch_stop_signals() -> Iterator[Stop]:
    """Catch ^C, SIGTERM and the end of the terminal, so that a training ends after its iteration.

    Only the main thread can. Under nohup, trainings outlive the terminal.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(HANGUP) is not signal.SIG_IGN:
        numbers.append(HANGUP)
    before = {number: signal.signal(number, stop.request) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
