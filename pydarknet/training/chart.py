"""The chart of a training: another process draws it each minute, this one at the end."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from torch import Tensor

from ..charts.aside import Aside, png_of
from ..charts.training import Course
from ..errors import DarknetError
from ..image.files import write_image
from .chart_points import COLUMNS, PAIR, ChartPoints
from .learner import Step

EVERY: Final = 60.0  # seconds from one picture to the next


@dataclass
class TrainingChart:
    """Losses, learning rates and mAP of a training in a picture, at each of the `paths`.

    matplotlib takes a fifth of a second for it, in which no other thread of a process would run
    Python: a process of the least priority does it while the training goes on.

    Darknet: src/image_opencv.cpp draw_train_chart, draw_train_loss (AlexeyAB)
    """

    paths: Sequence[Path]
    name: str
    last: int  # iterations; 0 without an end
    most: float | None = None  # the loss at the top, if the cfg says so
    points: ChartPoints = field(default_factory=ChartPoints)
    aside: Aside = field(default_factory=Aside)
    drawn: float = field(default_factory=time.monotonic)  # when the last picture was begun

    def add(self, step: Step) -> None:
        """Add an iteration, and let the picture be drawn if it is time.

        Raises what went wrong with the picture before.
        """
        self.points.add(step)
        now = time.monotonic()
        if now - self.drawn >= EVERY and not self.aside.is_busy:
            self.drawn = now
            self.aside.check()
            self.aside.start(self.course(), self.write)

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over the points of a training that was stopped."""
        self.points.restore(tensors)

    def course(self) -> Course:
        """Return what the picture shows."""
        losses, precisions = self.points.losses, self.points.precisions
        return Course(
            self.name,
            self.last,
            np.array(losses, np.float64).reshape(-1, COLUMNS),
            np.array(precisions, np.float64).reshape(-1, PAIR),
            self.most,
        )

    def finish(self) -> None:
        """Draw the last picture now, whatever is being drawn. Raises DarknetError."""
        self.aside.stop()
        self.write(png_of(self.course()))

    def write(self, content: bytes) -> None:
        """Write the picture's files; raise the first error when all were tried."""
        problems: list[DarknetError] = []
        for path in self.paths:
            try:
                write_image(content, path, path)
            except DarknetError as error:
                problems.append(error)
        if problems:
            raise problems[0]
