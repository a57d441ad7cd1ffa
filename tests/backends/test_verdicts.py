"""What was measured before is used where it is valid, and only there."""

from __future__ import annotations

import time

import pytest
import torch
from conftest import forget_choices

from pydarknet.backends import verdicts
from pydarknet.backends.choices import choices
from pydarknet.backends.onednn import SAME
from pydarknet.backends.verdicts import CONVOLUTION, NETWORK, known_ways
from pydarknet.backends.ways import Task

VERDICT = {"gain": 1.5, "used": True, "seconds": 0.25, "doubts": 0, "at": 1e9}
TIMES = {"direct": 2.0, "winograd4": 1.0}


@pytest.fixture
def tasks(cache):
    """Return a network of one convolution, with an empty memory of what was measured."""
    forget_choices()
    one = Task(torch.rand(16, 16, 3, 3), torch.rand(16), SAME, "leaky", torch.Size((1, 16, 8, 8)))
    yield [(0, None, one)]
    forget_choices()


def keep(tasks, verdict, times=TIMES) -> None:
    """Keep what was measured, as a process does, and forget what this one knows."""
    choices().put(NETWORK, {verdicts.network_key(tasks): verdict})
    choices().put(CONVOLUTION, {verdicts.task_key(task): times for _, _, task in tasks})
    forget_choices()


def test_nothing_is_known_at_first(tasks):
    assert known_ways(tasks) is None


def test_the_fastest_way_is_known_to_the_next_process(tasks):
    keep(tasks, VERDICT)

    verdict, ways = known_ways(tasks)

    assert ways == ["winograd4"]
    assert verdict.gain == 1.5
    assert "1.50 times as fast" in verdicts.verdict_told(verdict)


def test_what_gains_too_little_is_direct(tasks):
    keep(tasks, {**VERDICT, "used": False})

    verdict, ways = known_ways(tasks)

    assert ways == ["direct"]
    assert "others gain less than 1.05" in verdicts.verdict_told(verdict)


@pytest.mark.parametrize(("doubts", "known"), [(0, True), (1, False), (2, False), (3, True)])
def test_what_is_doubted_is_unknown_after_an_hour(tasks, monkeypatch, doubts, known):
    for age, expected in ((0, True), (3000, True), (4000, known), (-4000, known)):  # clocks jump
        monkeypatch.setattr(time, "time", lambda age=age: VERDICT["at"] + age)
        keep(tasks, {**VERDICT, "used": False, "doubts": doubts})

        assert (known_ways(tasks) is not None) is expected
        assert verdicts.doubts_before(tasks) == doubts


@pytest.mark.parametrize(
    "times",
    [
        None,
        [1.0],
        {},
        {"direct": "x"},
        {"direct": 1, "winograd4": -1},
        {"direct": 1, "winograd4": 1e9},
        {"direct": 2, "of a later version": 1},
        {"direct": 2, "product": 1},  # which fits 1 x 1 convolutions only
    ],
)
def test_times_that_mean_nothing_are_unknown(tasks, times):
    keep(tasks, VERDICT, times)

    assert known_ways(tasks) is None


@pytest.mark.parametrize(
    "verdict",
    [
        None,
        3,
        [],
        {"gain": 1},
        {**VERDICT, "gain": "x"},
        {**VERDICT, "seconds": 10**400},
        {**VERDICT, "doubts": float("inf")},
    ],
)
def test_a_verdict_that_means_nothing_is_unknown(tasks, verdict):
    keep(tasks, verdict)

    assert known_ways(tasks) is None


def test_networks_of_other_sizes_or_threads_have_other_keys(tasks):
    [(_, _, task)] = tasks
    keys = {verdicts.network_key(tasks), verdicts.network_key(tasks * 2)}
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        keys.add(verdicts.network_key(tasks))
        assert verdicts.task_key(task).startswith(f"{before + 1} threads")
    finally:
        torch.set_num_threads(before)

    assert len(keys) == 3
