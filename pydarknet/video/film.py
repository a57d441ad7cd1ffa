"""A film, of which every frame is read, in order, by a thread ahead of the one that looks at it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Empty, Full, Queue
from typing import Final

import numpy as np

from ..errors import DataError
from ..system.console import note
from ..system.problems import guard
from .capture import Capture
from .whole import is_whole

AHEAD: Final = 8  # frames that are read in advance
SLACK: Final = 0.02  # of its frames may a film lack: some containers only estimate them
POLL: Final = 0.1  # seconds after which a thread that waits looks whether it is still wanted


class Film:
    """A film that is open; `size` is that of its first frame."""

    live = False

    def __init__(self, name: str, capture: Capture) -> None:
        """Raises DataError for a film without a frame."""
        self.name, self.capture = name, capture
        first = capture.read()
        if first is None:
            capture.close()
            raise DataError("no frame can be read: expected a video", where=name)
        self.first = first
        self.size = (first.shape[1], first.shape[0])
        self.rate = capture.rate
        self.seen = 0
        self.failed = False  # the decoder
        self.queue: Queue[np.ndarray | None] = Queue(AHEAD)
        self.closing = threading.Event()
        self.thread = threading.Thread(target=self.read, name="film", daemon=True)

    def frames(self) -> Iterator[np.ndarray]:
        """Yield every frame, uint8 RGB [H, W, 3]; at the end, report those that are missing."""
        self.thread.start()
        while not self.closing.is_set():
            try:
                frame = self.queue.get(timeout=POLL)
            except Empty:
                continue
            if frame is None:
                self.report_missing()
                return
            self.seen += 1
            yield frame

    def read(self) -> None:
        """Read frames until the end, or until the film is closed."""
        frame: np.ndarray | None = self.first
        while self.put(frame) and frame is not None:
            try:
                frame = self.capture.read()
            except Exception:  # a decoder's: the frames end here, which is reported
                frame, self.failed = None, True
        self.capture.close()

    def put(self, frame: np.ndarray | None) -> bool:
        """Wait until there is room for a frame; return whether it is still wanted."""
        while not self.closing.is_set():
            try:
                self.queue.put(frame, timeout=POLL)
            except Full:
                continue
            return True
        return False

    def report_missing(self) -> None:
        """Say that the film ends before its end: a problem, unless its file is whole.

        Then the number was an estimate, or counts frames that a cut leaves out when it is played.
        """
        wanted = self.capture.count
        if self.seen >= wanted * (1 - SLACK) - 1:
            return
        if not self.failed and is_whole(self.name):
            note(f"{self.name}: has {self.seen} frames; its container tells of {wanted}")
            return
        with guard(self.name):
            raise DataError(f"ends after {self.seen} of {wanted} frames", where=self.name)

    def close(self) -> None:
        """End the thread that reads."""
        self.closing.set()
        if self.thread.is_alive():
            self.thread.join()
