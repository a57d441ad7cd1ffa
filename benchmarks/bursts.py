"""How a benchmark times programs fairly: one at a time, in bursts, round by round.

The threads of torch, OpenMP and onnxruntime spin for a while after their work, and slow whatever
runs next up to five times. So a program is timed in a burst of its own: after a pause, in which the
threads of the others fall asleep, and after a call that wakes its own and does not count. A round
is a burst of each program, in an order that changes. Ratios are taken within a round, so that what
slows the whole machine for a while cancels.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence

PAUSE = 0.03  # seconds before a burst
SECONDS = 0.15  # of a burst at least,
CALLS = 3  # which has so many calls at least,
LONGEST = 0.5  # but none that would start after these seconds


def timed(call: Callable[[], object]) -> Callable[[], float]:
    """Return a function that makes a call, and returns its seconds."""

    def seconds() -> float:
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    return seconds


def burst(seconds: Callable[[], float]) -> float:
    """Return the median of the seconds that calls return, of as many as fill a burst."""
    time.sleep(PAUSE)
    seconds()
    taken: list[float] = []
    while sum(taken) < SECONDS or (len(taken) < CALLS and sum(taken) < LONGEST):
        taken.append(seconds())
    return statistics.median(taken)


def turns(names: Sequence[str], number: int) -> list[str]:
    """Return the order of programs in a round: rotated, and in every other round backwards."""
    first = number // 2 % len(names)
    order = [*names[first:], *names[:first]]
    return order[::-1] if number % 2 else order


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> tuple[float, float, float]:
    """Return the median of the ratios of rounds, and an interval that holds the true one.

    The interval lies between two of the sorted ratios. It holds the median with a confidence of
    95 % at least, whatever their distribution, since each ratio is as likely above as below it
    (the sign test; 9 rounds: the second smallest and the second largest, 96 %). Of fewer than six
    rounds it is the range.
    """
    ratios = sorted(a / b for a, b in zip(theirs, ours, strict=True))
    out = outside(len(ratios))
    return statistics.median(ratios), ratios[out], ratios[-1 - out]


def outside(count: int, confidence: float = 0.95) -> int:
    """Return how many of `count` sorted values lie on each side outside of the interval."""
    tail, k = 0.0, 0
    while True:
        tail += math.comb(count, k) / 2**count
        if 2 * tail > 1 - confidence or k > (count - 1) // 2:
            return max(k - 1, 0)
        k += 1
