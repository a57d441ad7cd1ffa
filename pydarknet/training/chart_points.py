"""The points of a training's chart: kept in its state, and never more than a picture shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ..system.limits import INT_MAX
from .learner import Step
from .state import State

MOST: Final = 2048  # rows of losses
MOST_PRECISIONS: Final = 1024
COLUMNS, PAIR = 5, 2  # numbers of a row of losses, which once were two; of precisions
PREFIX: Final = "chart."

Row = list[float]


@dataclass
class ChartPoints:
    """Losses and mean average precisions of a training, from its first iteration.

    A row of `losses` is an iteration, or as many as a power of two where there are too many rows:
    the last iteration, its average loss and its learning rate, the least and the largest loss. A
    row of `precisions` is an iteration and its mAP in 0..1.
    """

    losses: list[Row] = field(default_factory=list)
    precisions: list[Row] = field(default_factory=list)
    width: int = 1  # iterations in a row of losses

    def add(self, step: Step) -> None:
        """Add an iteration."""
        put(self.losses, [step.batch, step.average, step.rate, step.loss, step.loss], self.width)
        self.join_rows()

    def join_rows(self) -> None:
        """Join neighbours until there are no more rows than are kept."""
        while len(self.losses) > MOST:
            self.width *= 2
            rows, self.losses = self.losses, []
            for row in rows:
                put(self.losses, row, self.width)

    def add_precision(self, batch: int, value: float) -> None:
        """Add an evaluation; of too many, the best, the last and every second stay."""
        self.precisions.append([batch, value])
        if len(self.precisions) > MOST_PRECISIONS:
            best = max(self.precisions, key=lambda row: row[1])
            kept = self.precisions[-1::-2][::-1]
            self.precisions = sorted([*kept, *([] if best in kept else [best])])

    def tensors(self) -> dict[str, Tensor]:
        """Return all points as tensors [N, 5] and [M, 2] of float64, for the state."""
        return {
            f"{PREFIX}losses": table(self.losses, COLUMNS),
            f"{PREFIX}precisions": table(self.precisions, PAIR),
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over the points of a training that was stopped; what are no such points is not."""
        losses, precisions = (tensors.get(f"{PREFIX}{name}") for name in ("losses", "precisions"))
        self.losses = [full_row(row) for row in rows_of(losses, (PAIR, COLUMNS))]
        self.precisions = rows_of(precisions, (PAIR,))
        self.width = width_of(self.losses)
        self.join_rows()


def put(rows: list[Row], row: Row, width: int) -> None:
    """Append a row, or join it with the last one if both are of the same `width` iterations."""
    if not rows or (rows[-1][0] - 1) // width != (row[0] - 1) // width:
        rows.append(row)
        return
    low, high = (np.array([rows[-1][column], row[column]]) for column in (3, 4))
    rows[-1] = [*row[:3], float(np.fmin(*low)), float(np.fmax(*high))]


def width_of(rows: list[Row]) -> int:
    """Return how many iterations a row is: each but the last ends at a multiple of it."""
    if len(rows) <= MOST // 2:
        return 1
    width = 1
    while all(row[0] % (2 * width) == 0 for row in rows[:-1]):
        width *= 2
    return width


def full_row(row: Row) -> Row:
    """Return a row of losses, if it is an old one without a rate and with its average for all."""
    batch, average, *others = row
    return [batch, average, *(others or [float("nan"), average, average])]


def table(rows: list[Row], columns: int) -> Tensor:
    """Return rows as a tensor [N, columns]."""
    return torch.tensor(rows, dtype=torch.float64).reshape(-1, columns)


def rows_of(tensor: Tensor | None, columns: tuple[int, ...]) -> list[Row]:
    """Return a tensor as rows, if it has one of these widths and its iterations increase."""
    if tensor is None or tensor.dim() != 2 or tensor.shape[1] not in columns:
        return []
    batches = tensor[:, 0].double()
    increase = bool((batches.diff() > 0).all() and (batches.remainder(1) == 0).all())
    fits = increase and bool(((batches >= 1) & (batches <= INT_MAX)).all())
    return tensor.double().tolist() if fits else []


def points_of(state: State | None) -> dict[str, Tensor]:
    """Return the points of a chart that a state holds."""
    tensors = state.tensors.items() if state else ()
    return {name: tensor for name, tensor in tensors if name.startswith(PREFIX)}
