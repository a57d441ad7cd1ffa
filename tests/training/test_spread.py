"""Which images of an iteration are whose."""

from __future__ import annotations

import pytest

from pydarknet.cfg.net import Net
from pydarknet.cfg.parser import sections_of
from pydarknet.ranks.ranks import Ranks
from pydarknet.training.spread import Spread, apart, at_once, in_turn, whole


def net_of(batch: int, subdivisions: int) -> Net:
    """Return the [net] section of such a batch."""
    text = f"[net]\ninputs=1\nbatch={batch}\nsubdivisions={subdivisions}\n"
    return Net.read(sections_of(text, "net.cfg")[0], "pjreddie")


def seen(spread: Spread) -> list[int]:
    """Return how many images of the iteration are seen after each mini-batch."""
    return [spread.images_after(place) for place in range(len(spread.wanted) // spread.mini)]


def test_a_process_that_is_alone_has_all_images():
    spread = whole(net_of(8, 4))

    assert [*spread.wanted] == [*range(8)]
    assert (spread.count, spread.mini, spread.first) == (8, 2, 1)
    assert seen(spread) == [2, 4, 6, 8]


@pytest.mark.parametrize(
    ("rank", "wanted", "first", "after"),
    [(0, [0, 1, 2, 3], 1, [2, 4]), (1, [4, 5, 6, 7], 3, [6, 8])],
)
def test_processes_take_as_many_mini_batches_in_a_row(rank, wanted, first, after):
    spread = in_turn(net_of(8, 4), Ranks(rank, 2))

    assert [*spread.wanted] == wanted
    assert (spread.count, spread.mini, spread.first) == (8, 2, first)
    assert seen(spread) == after


@pytest.mark.parametrize(("rank", "wanted", "first"), [(0, [0, 1, 4, 5], 1), (1, [2, 3, 6, 7], 3)])
def test_processes_take_a_part_of_each_mini_batch(rank, wanted, first):
    spread = at_once(net_of(8, 2), Ranks(rank, 2))

    assert [*spread.wanted] == wanted
    assert (spread.count, spread.mini, spread.first) == (8, 2, first)
    assert seen(spread) == [4, 8]  # images of all


@pytest.mark.parametrize(("rank", "start", "first"), [(0, 0, 1), (1, 4, 3), (2, 8, 5)])
def test_processes_take_a_batch_each(rank, start, first):
    spread = apart(net_of(4, 2), Ranks(rank, 3))

    assert [*spread.wanted] == [*range(start, start + 4)]
    assert (spread.count, spread.mini, spread.first) == (12, 2, first)
    assert seen(spread) == [2, 4]  # images of this network alone
