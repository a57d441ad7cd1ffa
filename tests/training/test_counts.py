"""What networks on several GPUs count, beside the counters of the C programs, step by step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pydarknet.ranks.ranks import Ranks
from pydarknet.training.counts import ADVANCE, Counts, after_save_fork, numbers

IMAGES = 7  # of an iteration
STEPS = 13


def original(count: int) -> list[tuple[list[int], int, bool]]:
    """Count as train_networks of src/network.c: `seen` of each network, the number, whether synced.

    The first are those with which the update computes its rate.
    """
    seen, told = [0] * count, []
    for _ in range(STEPS):
        seen = [one + IMAGES for one in seen]
        used = [one // IMAGES for one in seen]
        synced = seen[0] // IMAGES % 4 == 0
        if synced:
            seen[0] += 4 * (count - 1) * IMAGES
            seen = [seen[0]] * count
        told.append((used, seen[0] // IMAGES, synced))
    return told


def fork(count: int) -> list[tuple[list[int], int, bool]]:
    """Count as train_networks of src/network_kernels.cu of the fork."""
    seen, iteration, told = [0] * count, 0, []
    for _ in range(STEPS):
        seen = [one + IMAGES for one in seen]
        used = [one // IMAGES for one in seen]
        iteration += 1  # train_network_waitkey
        iteration += count - 1
        seen[0] = IMAGES * iteration
        synced = iteration % 4 == 0
        if synced:
            seen[0] += 4 * (count - 1) * IMAGES
            seen = [seen[0]] * count
        told.append((used, iteration, synced))
    return told


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize(("dialect", "model"), [("pjreddie", original), ("alexeyab", fork)])
def test_rates_numbers_and_averagings_are_the_programs(dialect, model, count):
    advance, everyone = vars(ADVANCE)[dialect], [Ranks(rank, count) for rank in range(count)]
    counts = [Counts(0)] * count
    told = []
    for _ in range(STEPS):
        counts = [replace(one, batch=one.batch + 1) for one in counts]
        used = [one.by_images for one in counts]
        after = [advance(*pair) for pair in zip(counts, everyone, strict=True)]
        counts = [one for one, _ in after]
        told.append((used, {one.batch for one in counts}, {due for _, due in after}))

    assert told == [(used, {number}, {synced}) for used, number, synced in model(count)]


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("pjreddie", [1, 2, 3, 4, 9, 10, 11, 12]),  # after the fourth: 4 + 4 * (2 - 1) = 8
        ("alexeyab", [1, 3, 5, 7, 9, 11]),  # each counts as two
    ],
)
def test_iterations_are_numbered_as_the_first_network_counts(dialect, expected):
    assert list(numbers(Counts(0), 12, Ranks(1, 2), vars(ADVANCE)[dialect])) == expected


def test_a_save_of_the_fork_gives_all_the_images_of_the_first_and_then_resets_its_own():
    first, second = Counts(8, 0, 4), Counts(8, 4, 5)

    assert after_save_fork(first, first, Ranks(0, 2)) == Counts(8, 0, 0)
    assert after_save_fork(second, first, Ranks(1, 2)) == Counts(8, 4, 8)  # 8 + 4 - (8 - 4)
