"""A thread that reads OpenCV's letters while others compute, and then draws with them.

OpenCV 5 reads its letters in 30 ms, and anew in each thread that draws.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final, TypeVar

from .draw import load_letters

Made = TypeVar("Made")
Work = Callable[[], Any]


class DrawingThread:
    """Runs what draws in a thread that has the letters; in the caller's, if none was started."""

    def __init__(self) -> None:
        self.given: SimpleQueue[tuple[Work, SimpleQueue[Any]]] = SimpleQueue()
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread, unless it runs; it reads the letters first."""
        if not self.runs:
            self.thread = threading.Thread(target=self.work, name="drawing", daemon=True)
            self.thread.start()

    @property
    def runs(self) -> bool:
        """Whether the thread is there: a process that was forked has none."""
        return self.thread is not None and self.thread.is_alive()

    def work(self) -> None:
        """Do what is given, one after the other."""
        load_letters()
        while True:
            work, answer = self.given.get()
            try:
                answer.put((work(), None))
            except BaseException as error:  # which the caller raises
                answer.put((None, error))

    def do(self, work: Callable[[], Made]) -> Made:
        """Return what `work` returns, or raise what it raises."""
        if not self.runs:
            return work()
        answer: SimpleQueue[tuple[Made, BaseException | None]] = SimpleQueue()
        self.given.put((work, answer))
        made, error = answer.get()
        if error is not None:
            raise error
        return made


DRAWING: Final = DrawingThread()
