"""Ends a training between two iterations when a signal requests it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """Whether a signal requested the end; a second one interrupts the process at once."""

    requested = False

    def request(self, number: int, frame: FrameType | None) -> None:
        """Remember a signal."""
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True


@contextmanager
def catch_stop_signals() -> Iterator[Stop]:
    """Catch ^C and SIGTERM, so that a training ends after its iteration. Needs the main thread."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, stop.request) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
