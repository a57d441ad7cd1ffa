"""What is measured is the least time, of ways with the same result."""

from __future__ import annotations

import time

import pytest
import torch

from pydarknet.backends import measurement
from pydarknet.backends.measurement import Watch, are_near, is_near, way_times
from pydarknet.backends.onednn import SAME
from pydarknet.backends.ways import DIRECT, WAYS, Task, Way


@pytest.fixture
def task():
    """A convolution that Winograd's transforms compute too."""
    return Task(torch.rand(16, 16, 3, 3), torch.rand(16), SAME, "leaky", torch.Size((1, 16, 8, 8)))


def timed(task: Task) -> dict[str, float]:
    with torch.inference_mode():
        x = torch.randn(task.size).to(memory_format=torch.channels_last)
        return way_times(Watch(1), task, x, WAYS[DIRECT].make(task))


def test_every_way_that_fits_is_timed(task):
    times = timed(task)

    assert set(times) == {DIRECT, "winograd2", "winograd4", "grouped2", "grouped4", "grouped5"}
    assert all(0 < seconds < 1 for seconds in times.values())


def test_a_way_with_another_result_is_left_out(task, monkeypatch):
    wrong = Way(lambda task: True, lambda task: lambda x: WAYS[DIRECT].make(task)(x) * 1.01)
    monkeypatch.setitem(WAYS, "winograd2", wrong)

    assert set(timed(task)) == {DIRECT, "winograd4", "grouped2", "grouped4", "grouped5"}


def test_a_way_that_fails_is_left_out(task, monkeypatch):
    def fail(task):
        raise RuntimeError("not enough memory")

    monkeypatch.setitem(WAYS, "winograd2", Way(lambda task: True, fail))

    assert set(timed(task)) == {DIRECT, "winograd4", "grouped2", "grouped4", "grouped5"}


def test_a_way_for_which_there_is_no_memory_is_left_out(task, monkeypatch):
    monkeypatch.setattr(measurement, "usable_memory", lambda: 1000)

    assert timed(task) == {"direct": 0.0}


def test_the_least_time_counts_and_slow_ones_run_once(monkeypatch):
    calls, clock = {"fast": 0, "uneven": 0, "slow": 0}, [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])

    def run(name: str, *seconds: float) -> None:
        calls[name] += 1
        clock[0] += seconds[min(calls[name], len(seconds)) - 1]

    times = Watch(1).best_times(
        {
            "fast": lambda: run("fast", 0.01),
            "uneven": lambda: run("uneven", 0.012, 0.02, 0.002),
            "slow": lambda: run("slow", 0.05),
        }
    )

    assert calls["slow"] == 1
    assert times["uneven"] < times["fast"] < times["slow"]


@pytest.mark.parametrize(
    ("y", "near"), [([100, 0.05], True), ([100, 0.2], False), ([float("nan"), 0], False)]
)
def test_near_is_a_part_of_the_largest(y, near):
    assert is_near(torch.tensor(y), torch.tensor([100.0, 0]), 1e-3) is near


@pytest.mark.parametrize(("cpu", "disturbed"), [(2.0, False), (1.5, False), (1.2, True)])
def test_a_busy_machine_is_noticed(monkeypatch, cpu, disturbed):
    walls, cpus = iter((0.0, 1.0)), iter((0.0, cpu))
    monkeypatch.setattr(measurement.time, "perf_counter", lambda: next(walls))
    monkeypatch.setattr(measurement.time, "process_time", lambda: next(cpus))
    watch = Watch(threads=2)

    assert watch.seconds_of(lambda: None) == 1.0
    assert watch.disturbed is disturbed


def test_what_is_not_finite_is_so_in_the_same_places():
    finite, other = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, float("nan")]])

    assert are_near([other], [other], 1e-3)
    assert not are_near([other], [finite], 1e-3)
    assert not are_near([other], [finite], 1e-3, narrow=True)


@pytest.mark.parametrize(
    ("channels", "far", "near"),
    [(range(64), 0.005, True), (range(64), 0.02, False), ([3], 0.02, True), ([3], 0.1, False)],
)
def test_of_bfloat16_the_mean_of_all_and_of_each_channel_counts(channels, far, near):
    exact = torch.ones(1, 64, 4, 4)
    found = exact.clone()
    found[:, list(channels)] += far

    assert are_near([found], [exact], 1e-3, narrow=True) is near
    assert not are_near([found], [exact], 1e-3)
