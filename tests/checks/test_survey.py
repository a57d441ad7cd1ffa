"""A data set that is read once."""

import numpy as np

from pydarknet.checks.survey import TRAIN, VALID


def test_images_of_both_lists_are_counted_once(survey):
    found = survey()

    assert found.images == ["a.png", "b.png", "c.png", "d.png", "v.png", "w.png"]
    assert found.members(TRAIN).tolist() == [True] * 4 + [False] * 2
    assert found.class_counts(TRAIN).tolist() == [4, 4]
    assert found.class_counts(VALID).tolist() == [2, 2]
    assert found.counts.tolist() == [2] * 6


def test_sizes_are_pixels_of_the_input_or_shares(survey):
    assert survey().box_sizes[0].tolist() == np.multiply([0.2, 0.4], 64).tolist()
    assert survey(cfg=False).box_sizes[0].tolist() == [0.2, 0.4]


def test_it_ends_when_time_is_up(survey):
    found = survey()
    again = type(found)(found.data, found.rules, found.lists).read(seconds=-1)

    assert not again.whole
    assert again.images == []
    assert found.whole
