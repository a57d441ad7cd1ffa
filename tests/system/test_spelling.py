"""The word that was meant: at most two edits away."""

from __future__ import annotations

import random
from itertools import product

import pytest

from pydarknet.system.spelling import did_you_mean, edits, least_edits, nearest


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("train", "train", 0),
        ("trian", "train", 1),  # two neighbours swapped
        ("tran", "train", 1),
        ("detecter", "detector", 1),
        ("trial", "train", 2),
        ("", "map", 3),
        ("kitten", "sitting", 3),
    ],
)
def test_letters_that_are_more_less_changed_or_swapped_are_edits(one, other, count):
    assert edits(one, other) == edits(other, one) == count


@pytest.mark.parametrize("seed", range(5))
def test_no_word_is_passed_over_that_is_near(seed):
    chance = random.Random(seed)
    words = ["".join(chance.choices("abcd", k=chance.randrange(7))) for _ in range(40)]
    pairs = list(product(words, words))

    assert all(least_edits(one, other) <= edits(one, other) for one, other in pairs)
    assert any(least_edits(one, other) == edits(one, other) > 1 for one, other in pairs)


@pytest.mark.parametrize(
    ("word", "found"),
    [("tets", "test"), ("trial", None), ("trainne", "train"), ("foo", None), ("te", None)],
)
def test_a_short_word_is_one_edit_away_and_a_long_one_two(word, found):
    assert nearest(word, ["train", "test", "coco"]) == found


def test_the_nearest_is_asked_for():
    assert did_you_mean("valib", ["valid2", "valid"]) == "did you mean valid?"
    assert did_you_mean("nonsense", ["valid2", "valid"]) == ""
