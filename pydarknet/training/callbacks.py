"""What a training tells its callers after every iteration, and how they end it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..errors import LostProcess, Stop
from ..evaluate.average_precision import MapReport
from ..ranks.ranks import Ranks
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


@dataclass
class Callbacks:
    """The callbacks of a training, whether they ask for its end, and the error of one that failed.

    The training ends then as by a stop, in all its processes; then they raise.
    """

    functions: Sequence[Callback] = ()
    stopped: bool = False
    failure: BaseException | None = None

    def call(self, report: IterationReport) -> None:
        """Call all with an iteration, up to one that fails."""
        try:
            asked = [asks_to_stop(callback, report) for callback in self.functions]
        except BaseException as error:
            self.stopped, self.failure = True, error
        else:
            self.stopped = self.stopped or any(asked)

    def raise_failure(self, ranks: Ranks) -> None:
        """Raise the error of a callback; LostProcess if it was called by another process."""
        told = ranks.gather(text_of(self.failure))
        if self.failure:
            raise self.failure
        for rank, text in enumerate(told):
            if text:
                raise LostProcess(f"process {rank} of {ranks.size} ended by {text}")


def text_of(error: BaseException | None) -> str:
    """Return the kind of an error and its first line; empty for none."""
    if error is None:
        return ""
    lines = str(error).splitlines()
    return ": ".join([type(error).__name__, *lines[:1]])
