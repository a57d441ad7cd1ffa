"""How many frames a second, as the C counts them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

WINDOW: Final = 3.0  # seconds over which the average is taken


class Rate:
    """The present rate, by a moving average of the time a frame takes, and that of a whole window.

    Both are 0 before they are known. The C averages rates, which two frames at once would make
    endless: here some are done at once.

    Darknet: src/demo.c demo (AlexeyAB)
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.took: float | None = None  # seconds a frame
        self.average = 0.0
        self.last = self.start = clock()
        self.counted = 0

    @property
    def present(self) -> float:
        """Frames a second at present."""
        return 1 / max(self.took, 1e-9) if self.took is not None else 0.0

    def count(self, frames: int = 1, seconds: float | None = None) -> None:
        """Count frames that are done now, each of which took its share of the time.

        If `seconds` are given, they are what counts for the present rate.

        Darknet: src/demo.c demo, src/classifier.c demo_classifier (AlexeyAB)
        """
        now = self.clock()
        each = (now - self.last if seconds is None else seconds) / frames
        share = 0.9**frames
        self.took = each if self.took is None else self.took * share + (1 - share) * each
        self.last = now
        self.counted += frames
        if now - self.start >= WINDOW:
            self.average = self.counted / (now - self.start)
            self.counted, self.start = 0, now
