"""The word that was meant: at most two edits away."""

from __future__ import annotations

import pytest

from pydarknet.system.spelling import did_you_mean, edits, nearest


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


@pytest.mark.parametrize(
    ("word", "found"),
    [("tets", "test"), ("trial", None), ("trainne", "train"), ("foo", None), ("te", None)],
)
def test_a_short_word_is_one_edit_away_and_a_long_one_two(word, found):
    assert nearest(word, ["train", "test", "coco"]) == found


def test_the_nearest_is_asked_for():
    assert did_you_mean("valib", ["valid2", "valid"]) == "did you mean valid?"
    assert did_you_mean("nonsense", ["valid2", "valid"]) == ""
