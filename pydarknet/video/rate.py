"""How many frames a second, as the C counts them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

WINDOW: Final = 3.0  # seconds over which the average is taken


class Rate:
    """The present rate, a moving average, and the average of the last whole window.

    Both are 0 before they are known.

    Darknet: src/demo.c demo (AlexeyAB)
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.present = self.average = 0.0
        self.last = self.start = clock()
        self.counted = self.total = 0

    def count(self, frames: int = 1, seconds: float | None = None) -> None:
        """Count frames that are done now, each of which took its share of the time.

        If `seconds` are given, they are what counts for the present rate, from the first on.

        Darknet: src/demo.c demo, src/classifier.c demo_classifier (AlexeyAB)
        """
        now = self.clock()
        took = now - self.last if seconds is None else seconds
        rate, share = frames / max(took, 1e-9), 0.9**frames
        first = seconds is not None and not self.present
        self.present = rate if first else self.present * share + (1 - share) * rate
        self.last = now
        self.counted += frames
        self.total += frames
        if now - self.start >= WINDOW:
            self.average = self.counted / (now - self.start)
            self.counted, self.start = 0, now
