"""Programs take turns in bursts, and their ratios have an interval."""

from __future__ import annotations

import pytest
from conftest import BENCHMARKS


@pytest.fixture
def bursts(monkeypatch: pytest.MonkeyPatch):
    """Return the script as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import bursts

    return bursts


class Clock:
    """A clock that moves while a program works or sleeps."""

    def __init__(self, *calls: float) -> None:
        self.now, self.slept, self.calls, self.made = 0.0, 0.0, calls, 0

    def sleep(self, seconds: float) -> None:
        self.slept += seconds

    def perf_counter(self) -> float:
        return self.now

    def call(self) -> None:
        self.now += self.calls[min(self.made, len(self.calls) - 1)]
        self.made += 1


@pytest.mark.parametrize(
    ("calls", "made", "median"),
    [
        ((9.0, 0.1, 0.3, 0.2), 1 + 3, 0.2),  # three at least; the first does not count
        ((9.0, 0.0625), 1 + 3, 0.0625),  # 0.1875 s after three
        ((9.0, 0.03125), 1 + 5, 0.03125),  # 0.15 s are over after five
        ((0.0, 0.3, 0.4), 1 + 2, 0.35),  # half a second is over after two
        ((0.0, 2.0), 1 + 1, 2.0),
    ],
)
def test_a_burst_ends_after_its_time(bursts, monkeypatch, calls, made, median):
    clock = Clock(*calls)
    monkeypatch.setattr(bursts, "time", clock)

    assert bursts.burst(bursts.timed(clock.call)) == pytest.approx(median)
    assert (clock.made, clock.slept) == (made, 0.03)


def test_the_order_of_turns_changes(bursts):
    orders = [bursts.turns("abc", number) for number in range(5)]

    assert ["".join(order) for order in orders] == ["abc", "cba", "bca", "acb", "cab"]


def test_the_interval_lies_between_two_of_the_ratios(bursts):
    theirs = [3.0, 1.0, 2.0, 9.0, 7.0, 8.0, 4.0, 6.0, 5.0]

    assert bursts.ratio(theirs, [1.0] * 9) == (5.0, 2.0, 8.0)
    assert bursts.ratio(theirs[:5], [2.0] * 5) == (1.5, 0.5, 4.5)


@pytest.mark.parametrize(
    ("count", "out"),
    [
        (5, 0),
        (8, 0),  # one outside on each side: 1 - 2 * (1 + 8) / 256 = 93 %
        (9, 1),  # 1 - 2 * (1 + 9) / 512 = 96 %
        (12, 2),  # 1 - 2 * (1 + 12 + 66) / 4096 = 96 %
    ],
)
def test_the_interval_holds_the_median_by_95_percent(bursts, count, out):
    assert bursts.outside(count) == out
