"""One thread that finds boxes for all requests: several pictures at once, where they wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Condition, Thread

import numpy as np

from ..boxes.box_arrays import BoxArrays
from ..system.memory import memory_errors

Find = Callable[[Sequence[np.ndarray], float], Sequence[BoxArrays]]


@dataclass(frozen=True)
class Job:
    """A picture, uint8 [H, W, C], the score that its boxes must exceed, and where they go."""

    pixels: np.ndarray
    thresh: float
    boxes: Future[BoxArrays]


class Worker:
    """A network that any number of requests share: `find` is called by one thread alone.

    It gets as many as `together` pictures at once, if so many wait for the same threshold.
    """

    def __init__(self, find: Find, together: int = 1) -> None:
        self.find, self.together = find, together
        self.waiting: deque[Job] = deque()
        self.changed = Condition()
        self.closed = False
        self.thread = Thread(target=self.run, name="pydarknet-worker", daemon=True)
        self.thread.start()

    def submit(self, pixels: np.ndarray, thresh: float) -> Future[BoxArrays]:
        """Return what will be the boxes of a picture; after `close`, it is cancelled."""
        job = Job(pixels, thresh, Future())
        with self.changed:
            if self.closed:
                job.boxes.cancel()
            else:
                self.waiting.append(job)
                self.changed.notify()
        return job.boxes

    def close(self) -> None:
        """Cancel what waits, and end the thread when it has done what it does."""
        with self.changed:
            self.closed = True
            waiting = list(self.waiting)
            self.waiting.clear()
            self.changed.notify()
        for job in waiting:
            job.boxes.cancel()
        self.thread.join()

    def run(self) -> None:
        """Work until the end."""
        while jobs := self.next_jobs():
            mine = [job for job in jobs if job.boxes.set_running_or_notify_cancel()]
            if mine and not self.work(mine) and len(mine) > 1:
                for job in mine:  # one picture costs no other its answer
                    self.work([job])

    def next_jobs(self) -> list[Job]:
        """Wait for jobs, and return some that go together; none at the end."""
        with self.changed:
            self.changed.wait_for(lambda: self.waiting or self.closed)
            jobs: list[Job] = []
            while self.waiting and len(jobs) < self.together:
                if jobs and self.waiting[0].thresh != jobs[0].thresh:
                    break
                jobs.append(self.waiting.popleft())
            return jobs

    def work(self, jobs: Sequence[Job]) -> bool:
        """Do some jobs at once; return whether they are done. A single one has its error then."""
        try:
            with memory_errors():
                found = self.find([job.pixels for job in jobs], jobs[0].thresh)
        except Exception as error:  # which the one who asked gets
            if len(jobs) == 1:
                jobs[0].boxes.set_exception(error)
            return False
        for job, boxes in zip(jobs, found, strict=True):
            job.boxes.set_result(boxes)
        return True
