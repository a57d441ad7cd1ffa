"""What a training tells its callers after every iteration, and how they end it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import Stop
from ..evaluate.average_precision import MapReport
from .learner import Learner, Step


@dataclass(frozen=True)
class IterationReport:
    """What callbacks are called with; `loading` are the seconds that the batch was waited for.

    `map` is the mean average precision in 0..1 if it was computed after this iteration, else None;
    `validation` has the figures that it was computed from.
    """

    step: Step
    seconds: float
    loading: float
    width: int
    height: int
    learner: Learner = field(repr=False)
    map: float | None = None
    validation: MapReport | None = field(default=None, repr=False)


Callback = Callable[[IterationReport], object]


def asks_to_stop(callback: Callback, report: IterationReport) -> bool:
    """Call a callback; return whether it asks to end the training, by False or by Stop."""
    try:
        return callback(report) is False
    except Stop:
        return True
