"""Slots, the turns in which they learn, and the best truth of every slot."""

from __future__ import annotations

import torch

from pydarknet.training.losses import slots
from pydarknet.training.losses.iou import Box
from pydarknet.training.losses.slots import Slots, best_ious


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
