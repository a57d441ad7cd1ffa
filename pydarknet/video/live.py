"""A camera or a stream, of which the newest frame is looked at; where it is lost, it is sought."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from ..errors import DataError
from ..system.console import note
from .capture import Capture

PAUSES: Final = (
    0.5,
    1.0,
    1.0,
    2.0,
    3.0,
    5.0,
    8.0,
    15.0,
    30.0,
)  # seconds between trials; the last repeats
JOIN: Final = 2.0  # seconds that a thread gets to end: one that waits for a stream may not


class Live:
    """A camera or a stream that is open. Its thread reads all the time and keeps one frame."""

    live = True

    def __init__(
        self,
        name: str,
        open_again: Callable[[], Capture | None],
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        """Raises DataError if it cannot be opened or gives no frame."""
        self.name, self.open_again, self.pauses = name, open_again, pauses
        capture = open_again()
        first = capture.read() if capture else None
        if capture is None or first is None:
            if capture:
                capture.close()
            raise DataError("Couldn't connect to webcam.", where=name, hint=HINT)
        self.capture: Capture | None = capture
        self.size = (first.shape[1], first.shape[0])
        self.rate = capture.rate
        self.newest: np.ndarray | None = first
        self.changed = threading.Condition()
        self.closing = threading.Event()
        self.thread = threading.Thread(target=self.read, name="live", daemon=True)

    def frames(self) -> Iterator[np.ndarray]:
        """Yield the newest frame, uint8 RGB [H, W, 3], each once; wait where there is none."""
        self.thread.start()
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.newest is not None or self.closing.is_set())
                frame, self.newest = self.newest, None
            if self.closing.is_set() or frame is None:
                return
            yield frame

    def read(self) -> None:
        """Read frames and keep the newest; open again what was lost."""
        while not self.closing.is_set():
            frame = self.capture.read() if self.capture else None
            if frame is not None:
                self.show(frame)
            elif not self.closing.is_set():
                self.seek()
        if self.capture:
            self.capture.close()

    def show(self, frame: np.ndarray) -> None:
        """Let a frame be the newest."""
        with self.changed:
            self.newest = frame
            self.changed.notify()

    def seek(self) -> None:
        """Open what was lost, after pauses that grow, until it gives a frame again."""
        lost = time.monotonic()
        if self.capture:
            self.capture.close()
        self.capture = None
        note(f"{self.name}: no frame comes any more: trying again")
        trial = 0
        while not self.closing.wait(self.pauses[min(trial, len(self.pauses) - 1)]):
            trial += 1
            capture = self.open_again()
            frame = capture.read() if capture else None
            if capture and frame is not None:
                self.capture = capture
                note(f"{self.name}: is back after {time.monotonic() - lost:.0f} s")
                self.show(frame)
                return
            if capture:
                capture.close()

    def close(self) -> None:
        """End the thread that reads, unless it waits for a stream that does not answer."""
        self.closing.set()
        with self.changed:
            self.changed.notify_all()
        if self.thread.is_alive():
            self.thread.join(JOIN)


HINT = "pydarknet doctor lists the video back ends that there are"
