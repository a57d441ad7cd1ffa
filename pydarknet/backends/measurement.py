"""How long each way to compute a convolution takes, and a whole network."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor

from ..system.memory import usable_memory
from .onednn import Convolution
from .ways import DIRECT, WAYS, Task

ROUNDS, LONGEST = 5, 0.25  # in which each is timed by turns, unless that takes longer in seconds
FEWEST_ROUNDS = 2
BURST = 0.0005  # seconds for which a short one is repeated in a round
SLOW = 1.5  # times the fastest first time, from which a way is not timed again,
BEHIND = 1.15  # or times the fastest, after the fewest rounds
SOME = 4  # digits by which the maps of a channel may differ on average
UNDISTURBED = 0.7  # of the cores, which the threads get if no other program has them
SHARE = 0.1  # of the memory, which a way's weights may take at most
Name = TypeVar("Name")


class Watch:
    """Times things by turns, and sees whether other programs had the cores meanwhile."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.wall = self.cpu = 0.0  # seconds of all that was timed

    @property
    def disturbed(self) -> bool:
        """Whether the threads had less of the cores than they asked for: nothing can be told."""
        return self.cpu < UNDISTURBED * self.threads * self.wall

    def best_times(
        self, runs: Mapping[Name, Callable[[], object]], *, every: bool = False
    ) -> dict[Name, float]:
        """Return the least seconds of each of several things, timed by turns after a first time.

        The least, because other programs on the machine only add to it. Those that are slow the
        first time are not timed again, unless `every` one is asked for.
        """
        least = {name: self.seconds_of(run) for name, run in runs.items()}
        left = dict(runs) if every else ahead(runs, least, SLOW)
        start = time.perf_counter()
        for number in range(ROUNDS):
            if number >= FEWEST_ROUNDS and time.perf_counter() - start > LONGEST * len(left):
                break
            for name, run in left.items():
                least[name] = min(least[name], self.seconds_of(run))
            if number + 1 >= FEWEST_ROUNDS and not every:
                left = ahead(left, least, BEHIND)
        return least

    def seconds_of(self, run: Callable[[], object]) -> float:
        """Return the least seconds of a few runs, of one if it is long."""
        cpu, first = time.process_time(), time.perf_counter()
        least, start = float("inf"), first
        while start < first + BURST:
            run()
            now = time.perf_counter()
            least, start = min(least, now - start), now
        self.cpu += time.process_time() - cpu
        self.wall += start - first
        return least


def ahead(
    runs: Mapping[Name, Callable[[], object]], least: Mapping[Name, float], behind: float
) -> dict[Name, Callable[[], object]]:
    """Return those that take less than so many times the least seconds of all."""
    bar = behind * min(least.values())
    return {name: run for name, run in runs.items() if least[name] <= bar}


def way_times(watch: Watch, task: Task, x: Tensor, direct: Convolution) -> dict[str, float]:
    """Return the seconds that a convolution takes in each way on maps x, [N, C, H, W].

    Ways whose result is another one are left out, and those that fail, as for want of memory.
    """
    expected = direct(x)
    runs: dict[str, Callable[[], object]] = {DIRECT: lambda: direct(x)}
    for name, way in WAYS.items():
        if name == DIRECT or not way.fits(task) or not has_room(task, way.spread):
            continue
        try:
            run = way.make(task)
            same = is_near(run(x), expected, max(way.near, torch.finfo(task.dtype).eps))
        except (RuntimeError, MemoryError):
            continue
        if same:
            runs[name] = lambda run=run: run(x)  # type: ignore[misc]
    if len(runs) == 1:
        return {DIRECT: 0.0}
    return watch.best_times(runs)


def has_room(task: Task, spread: float) -> bool:
    """Return whether there is memory for weights that a way spreads to so many times their size."""
    return 2 * spread * task.weights.nbytes < SHARE * usable_memory()  # they are packed into a copy


def are_near(
    found: Sequence[Tensor], expected: Sequence[Tensor], near: float, *, narrow: bool = False
) -> bool:
    """Return whether tensors [N, C, ...] are the same but for the last digits.

    The same values are not finite. After `narrow` maps of bfloat16 single values are far apart, so
    their mean difference counts.
    """
    same = is_near_on_average if narrow else partial(is_near, near=near)
    return all(
        y.shape == exact.shape
        and torch.equal(y.isfinite(), exact.isfinite())
        and same(y.nan_to_num(0, 0, 0), exact.nan_to_num(0, 0, 0))
        for y, exact in zip(found, expected, strict=True)
    )


def is_near_on_average(y: Tensor, expected: Tensor) -> bool:
    """Return whether values differ by a digit of bfloat16 of the largest, on average.

    Those of a channel may differ by some.
    """
    digit = torch.finfo(torch.bfloat16).eps * float(expected.abs().max())
    far = (y - expected).abs()
    of_channels = far.flatten(2).mean((0, 2)) if far.dim() > 2 else far.mean(0)
    return float(far.mean()) <= digit and float(of_channels.max()) <= SOME * digit


def is_near(y: Tensor, expected: Tensor, near: float) -> bool:
    """Return whether values differ by at most `near` of the largest; both may be not finite."""
    largest = float(expected.abs().max())
    return float((y - expected).abs().max()) <= near * largest
