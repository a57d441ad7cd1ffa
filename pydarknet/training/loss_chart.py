"""The chart of a training's loss, and of its mAP once there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from ..errors import DarknetError
from ..modules.transforms import save_image
from .learner import Step
from .state import State

SIDE = 1000
MARGIN = 70
GREY, BLACK, BLUE, RED = (215, 215, 215), (0, 0, 0), (30, 60, 220), (210, 30, 30)
LINES = 10


@dataclass
class LossChart:
    """The average loss of each iteration, drawn as in the fork.

    Darknet: src/image_opencv.cpp draw_train_chart, draw_train_loss (AlexeyAB)
    """

    paths: tuple[Path, ...]
    last: int  # iterations
    most: float  # loss at the top
    losses: list[tuple[int, float]] = field(default_factory=list)
    precisions: list[tuple[int, float]] = field(default_factory=list)  # mAP in 0..1
    drawn: int = 0

    def add(self, step: Step) -> None:
        """Add an iteration; draw at every hundredth."""
        self.losses.append((step.batch, step.average))
        if step.batch % 100 == 0:
            self.draw()

    def points(self) -> dict[str, Tensor]:
        """Return all points as tensors [N, 2] of float64: iteration and value."""
        curves = {"losses": self.losses, "precisions": self.precisions}
        return {
            f"chart.{name}": torch.tensor(curve, dtype=torch.float64).reshape(-1, 2)
            for name, curve in curves.items()
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over the points of a training that was stopped."""
        points = {name: tensor.tolist() for name, tensor in tensors.items()}
        self.losses = [(int(at), value) for at, value in points.get("chart.losses", [])]
        self.precisions = [(int(at), value) for at, value in points.get("chart.precisions", [])]

    def draw(self) -> None:
        """Draw the chart, and write its files; raise the first error when all were tried."""
        canvas = np.full((SIDE, SIDE, 3), 255, np.uint8)
        self.draw_grid(canvas)
        self.draw_curve(canvas, self.losses, self.most, BLUE)
        self.draw_curve(canvas, self.precisions, 1.0, RED)
        if self.losses:
            batch, loss = self.losses[-1]
            text = f"current avg loss = {loss:.4f}    iteration = {batch} of {self.last}"
            put(canvas, text, (MARGIN, SIDE - 14), 0.6)
        if self.precisions:
            put(canvas, f"mAP = {self.precisions[-1][1] * 100:.2f}%", (SIDE - 220, 30), 0.6, RED)
        problems: list[DarknetError] = []
        for path in self.paths:
            try:
                save_image(canvas, path)
            except DarknetError as error:
                problems.append(error)
        if problems:
            raise problems[0]

    def place(self, batch: int, share: float) -> tuple[int, int]:
        """Return the pixel of a point: an iteration, and a fraction of the height."""
        room = SIDE - 2 * MARGIN
        x = MARGIN + round(room * batch / max(self.last, 1))
        return x, SIDE - MARGIN - round(room * min(max(share, 0.0), 1.0))

    def draw_grid(self, canvas: np.ndarray) -> None:
        """Draw the grid, with losses on the left and iterations below."""
        for line in range(LINES + 1):
            batch, loss = self.last * line // LINES, self.most * line / LINES
            across, up = self.place(batch, 0), self.place(0, line / LINES)
            cv2.line(canvas, across, self.place(batch, 1), GREY, 1, cv2.LINE_AA)
            cv2.line(canvas, up, self.place(self.last, line / LINES), GREY, 1, cv2.LINE_AA)
            put(canvas, f"{batch}", (across[0] - 18, across[1] + 22), 0.45)
            put(canvas, f"{loss:.1f}", (12, up[1] + 5), 0.45)
        put(canvas, "loss", (12, MARGIN - 30), 0.55, BLUE)

    def draw_curve(
        self,
        canvas: np.ndarray,
        points: list[tuple[int, float]],
        most: float,
        colour: tuple[int, int, int],
    ) -> None:
        """Draw values over iterations."""
        line = [self.place(batch, value / most) for batch, value in points]
        if len(line) == 1:
            cv2.circle(canvas, line[0], 3, colour, -1, cv2.LINE_AA)
        cv2.polylines(
            canvas, [np.array(line, np.int32)] if line else [], False, colour, 2, cv2.LINE_AA
        )


def points_of(state: State | None) -> dict[str, Tensor]:
    """Return the points of a chart that a state holds."""
    tensors = state.tensors.items() if state else ()
    return {name: tensor for name, tensor in tensors if name.startswith("chart.")}


def put(
    canvas: np.ndarray,
    text: str,
    at: tuple[int, int],
    size: float,
    colour: tuple[int, int, int] = BLACK,
) -> None:
    """Write a line of text."""
    cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)
