"""Detections and label files of a data set side by side."""

import numpy as np
import pytest
from rankings import matched_dataset

from pydarknet.errors import DataError
from pydarknet.evaluate.ground_truth import GroundTruth
from pydarknet.evaluate.matched_dataset import (
    check_pairs,
    inside,
    match_dataset,
    warn_unknown_classes,
)


def test_truths_are_counted_by_class():
    assert matched_dataset([], [1, 0, 1]).truths_of_class.tolist() == [1, 2]


def test_truths_of_no_class_are_not_counted():
    assert matched_dataset([], [0, 2, -1]).truths_of_class.tolist() == [1, 0]


def test_a_truth_is_inside_if_the_network_has_its_class():
    truths = GroundTruth.of([(index, 0.5, 0.5, 1, 1) for index in (-1, 0, 1, 2)])

    assert inside(truths, 2).tolist() == [False, True, True, False]


def test_the_first_class_that_the_network_lacks_is_told(capsys):
    truths = GroundTruth.of([(index, 0.5, 0.5, 1, 1) for index in (0, 7, 9)])

    assert warn_unknown_classes(truths, "a.png", 2) is truths
    assert capsys.readouterr().err == "a.png: its labels name class 7: expected 0 to 1\n"


def test_nothing_seen_is_no_truth():
    gathered = match_dataset([], ("a",), 0.5, "alexeyab")

    assert (len(gathered.truths), len(gathered.matches.scores)) == (0, 0)
    assert gathered.sizes.shape == (0, 2)
    assert gathered.owners.dtype == np.int64


def test_too_few_difficult_images_are_refused():
    with pytest.raises(DataError, match="the list of difficult images has 1: expected 2"):
        check_pairs(["a", "b"], ["c"])


@pytest.mark.parametrize("difficult", [None, ["c", "d"]])
def test_as_many_difficult_images_as_others_or_none_are_right(difficult):
    assert check_pairs(["a", "b"], difficult) is None
