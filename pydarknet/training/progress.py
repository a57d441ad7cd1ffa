"""The progress bar of a training in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from .learner import Step


class Progress:
    """A bar on stderr: loss, rate, images per second, time left."""

    def __init__(self, first: int, last: int) -> None:
        self.bar = tqdm(
            total=last, initial=first, unit="batch", file=sys.stderr, dynamic_ncols=True
        )

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Hide the bar while something else is written."""
        self.bar.clear()
        yield
        self.bar.refresh()

    def update(self, step: Step, seconds: float) -> None:
        """Show the figures of an iteration."""
        speed = f"{step.images / max(seconds, 1e-9):.1f}"
        figures = {"loss": f"{step.average:.2f}", "rate": f"{step.rate:.2g}", "images/s": speed}
        self.bar.set_postfix(figures, refresh=False)
        self.bar.update()

    def close(self) -> None:
        """Keep the bar on the screen, and end its line."""
        self.bar.close()
