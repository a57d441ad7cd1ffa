"""A thread that reads the letters of labels while others compute, and then writes with them.

OpenCV 5 reads its letters in 30 ms, and anew in each thread that writes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

Made = TypeVar("Made")
Work = Callable[[], Any]
Asked = tuple[Work, "SimpleQueue[Any]"]


class LettersThread:
    """Runs what writes letters in a thread that has them; in the main thread, if none was started.

    `load` reads the letters.
    """

    def __init__(self, load: Work) -> None:
        self.load = load
        self.asked: SimpleQueue[Asked] = SimpleQueue()
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread, unless it runs; it reads the letters first."""
        if not self.runs:
            self.asked = SimpleQueue()  # a process that was forked may have the old one locked
            self.thread = threading.Thread(
                target=self.work, args=(self.asked,), name="letters", daemon=True
            )
            self.thread.start()

    @property
    def runs(self) -> bool:
        """Whether the thread is there: a process that was forked has none."""
        return self.thread is not None and self.thread.is_alive()

    def work(self, asked: SimpleQueue[Asked]) -> None:
        """Do what is asked, one after the other."""
        self.load()
        while True:
            work, answer = asked.get()
            try:
                answer.put((work(), None))
            except BaseException as error:  # which the caller raises
                answer.put((None, error))

    def do(self, work: Callable[[], Made]) -> Made:
        """Return what `work` returns, or raise what it raises.

        Threads that come and go would each read the letters: for any but the main one, the thread
        is started.
        """
        me = threading.current_thread()
        if me is self.thread or (not self.runs and me is threading.main_thread()):
            return work()
        self.start()
        answer: SimpleQueue[tuple[Made, BaseException | None]] = SimpleQueue()
        self.asked.put((work, answer))
        made, error = answer.get()
        if error is not None:
            raise error
        return made
