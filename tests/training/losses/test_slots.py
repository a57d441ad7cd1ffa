"""Slots, the turns in which they learn, and the best truth of every slot."""

from __future__ import annotations

import math

import pytest
import torch

from pydarknet.training.losses import slots
from pydarknet.training.losses.iou import Box
from pydarknet.training.losses.slots import Grid, Slots, best_ious, sort_order


def slots_of(*quadruples):
    """Return slots by image, anchor, row and column."""
    return Slots(*torch.tensor(quadruples).t())


def boxes(*rows):
    """Return boxes [1, K] of an image."""
    return Box(*torch.tensor(rows).t()[:, None])


def test_in_a_turn_no_slot_comes_twice_and_first_comers_come_first():
    here, there = (0, 1, 2, 3), (1, 1, 2, 3)

    turns = [turn.tolist() for turn in slots_of(here, there, here, here, there).turns()]

    assert turns == [[0, 1], [2, 4], [3]]


def test_slots_that_differ_in_one_coordinate_are_two():
    pairs = [(0, 0, 0, 1), (0, 0, 1, 0), (0, 1, 0, 0), (1, 0, 0, 0)]

    assert [turn.tolist() for turn in slots_of(*pairs).turns()] == [[0, 1, 2, 3]]


def test_without_slots_there_is_no_turn():
    none = torch.zeros(0, dtype=torch.int64)

    assert list(Slots(none, none, none, none).turns()) == []


def test_equal_keys_keep_their_order():
    keys = torch.arange(1000) % 2

    assert sort_order(keys).tolist() == [*range(0, 1000, 2), *range(1, 1000, 2)]
    assert sort_order(keys, -torch.arange(1000)).tolist() == [
        *range(998, -1, -2),
        *range(999, 0, -2),
    ]


SLOT = slots_of((0, 1, 2, 3))  # of the second anchor, in the third row and the last column


@pytest.fixture
def grid():
    """Return a grid of 4 x 3 cells and two anchors, with zeros but in one slot."""
    values = torch.zeros(1, 2, 4, 3, 4)
    values[0, 1, :, 2, 3] = torch.tensor([0.25, 0.5, math.log(2), math.log(3)])
    return Grid.of(values, ((16, 8), (8, 2)), (32, 16), torch.exp)


def test_a_box_is_decoded_from_its_cell_and_its_anchor(grid):
    found, at_slot = grid.boxes(), grid.boxes_at(SLOT)

    # (3 + .25) / 4, (2 + .5) / 3, 2 * 8 / 32, 3 * 2 / 16
    box = [0.8125, 2.5 / 3, 0.5, 0.375]
    assert [part[0, 1, 2, 3].item() for part in found] == pytest.approx(box)
    assert [part.item() for part in at_slot] == pytest.approx(box)
    # of the first anchor in the first row: 1 / 4, 0 / 3, 16 / 32, 8 / 16
    assert [part[0, 0, 0, 1].item() for part in found] == pytest.approx([0.25, 0, 0.5, 0.5])


def test_other_entries_may_be_those_of_boxes(grid):
    entries = (1, 0, 3, 2)

    for part, turned in ((grid.boxes(entries), (0, 1, 2, 3)), (grid.boxes_at(SLOT, entries), 0)):
        # (3 + .5) / 4, (2 + .25) / 3, 3 * 8 / 32, 2 * 2 / 16
        got = [one[turned].item() for one in part]
        assert got == pytest.approx([0.875, 0.75, 0.75, 0.25])


def test_targets_are_what_would_be_decoded_to_the_true_boxes(grid):
    truth = Box(*torch.tensor([[0.8125], [2.5 / 3], [0.5], [0.375]]))

    [entries] = grid.targets(truth, SLOT, torch.log).tolist()

    assert entries == pytest.approx([0.25, 0.5, math.log(2), math.log(3)], abs=1e-6)


def predictions():
    """Return two predicted boxes on a map of 1 x 2 cells, left and right."""
    left, right = (0.25, 0.5, 0.5, 1.0), (0.75, 0.5, 0.5, 1.0)
    return Box(*torch.tensor([left, right]).t()[:, None, None, None])


def test_each_slot_has_the_truth_that_overlaps_it_most():
    truths = boxes([0.7, 0.5, 0.5, 1.0], [0.25, 0.5, 0.5, 1.0])

    overlap, which = best_ious(predictions(), truths)

    torch.testing.assert_close(overlap.flatten(), torch.tensor([1, 0.45 / 0.55]))
    assert which.flatten().tolist() == [1, 0]


def test_of_equally_good_truths_the_first_counts():
    truths = boxes(*[[0.25, 0.5, 0.5, 1.0]] * 3)

    assert best_ious(predictions(), truths)[1].flatten().tolist() == [0, 0]


def test_truths_in_several_portions_are_compared_alike(monkeypatch):
    truths = boxes([0.7, 0.5, 0.5, 1.0], [0.25, 0.5, 0.5, 1.0], [0.25, 0.5, 0.5, 1.0])
    monkeypatch.setattr(slots, "PAIRS_AT_ONCE", 1)

    overlap, which = best_ious(predictions(), truths)

    torch.testing.assert_close(overlap.flatten(), torch.tensor([1, 0.45 / 0.55]))
    assert which.flatten().tolist() == [1, 0]


def test_without_truths_nothing_overlaps():
    overlap, which = best_ious(predictions(), Box(*torch.zeros(4, 1, 0)))

    assert overlap.count_nonzero() == which.count_nonzero() == 0
