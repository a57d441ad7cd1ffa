"""Soft suppression lowers scores as the package ensemble-boxes does, in 1,000 random sets."""

import numpy as np
import pytest
from conftest import recording

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.boxes.rule import SuppressionRule
from pydarknet.boxes.soft import factors, weaker_scores
from pydarknet.boxes.suppression import suppress_each

HERE, BESIDE, LOWER = (0, 0, 4, 1), (1, 0, 4, 1), (2, 0, 4, 1)


def recorded_sets() -> list[BoxArrays]:
    """Return the sets that were given to the package."""
    arrays = np.load(recording("ensemble_boxes") / "sets.npz")
    corners = arrays["corners"].astype(np.float32) / 4096
    boxes = np.concatenate(
        ((corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]), 1
    )
    scores = (arrays["scores"] / 65536).astype(np.float32)[:, None]
    scores = scores * (arrays["classes"][:, None] == np.arange(3))
    ends = np.cumsum(arrays["counts"])[:-1]
    objectness = np.ones(len(boxes), np.float32)
    parts = (np.split(array, ends) for array in (boxes, objectness, scores))
    return [BoxArrays(*one) for one in zip(*parts, strict=True)]


@pytest.mark.parametrize("kind", ["softnms", "softnms_gaussian"])
def test_scores_are_those_of_ensemble_boxes(kind):
    sets = recorded_sets()
    expected = np.load(recording("ensemble_boxes") / "soft.npz")[kind]

    got = suppress_each(sets, 0.45, SuppressionRule(kind, sigma=0.5), stay=True)

    assert len(sets) == 1000
    scores = np.concatenate([one.probabilities.max(1, initial=0) for one in got])
    np.testing.assert_array_equal(scores > 0, expected > 0)
    np.testing.assert_allclose(scores, expected, rtol=2e-6)


def test_the_best_of_the_lowered_scores_comes_next():
    # neighbours share 3 of 5, the first and the last 2 of 6
    boxes = np.array([HERE, BESIDE, LOWER], np.float32)

    got = factors(boxes, np.array([0.9, 0.8, 0.7], np.float32), 0.3, SuppressionRule("softnms"))

    # .8 becomes .32, .7 becomes .467; then the last lowers the second once more
    np.testing.assert_allclose(got, [1, 0.4 * 0.4, 2 / 3], rtol=1e-6)


def test_sigma_says_how_far_a_box_reaches():
    boxes = np.array([HERE, BESIDE], np.float32)  # they share 3 of 5

    got = factors(
        boxes, np.array([0.9, 0.8], np.float32), 0.9, SuppressionRule("softnms_gaussian", sigma=0.2)
    )

    np.testing.assert_allclose(got, [1, np.exp(-(0.6**2) / 0.2)], rtol=1e-6)


@pytest.mark.parametrize("score", [0.001, 0.0005, 0.0, -0.5, float("nan")])
def test_what_does_not_exceed_a_thousandth_lowers_nothing_and_becomes_0(score):
    scores = np.array([0.5, score], np.float32)

    got = factors(np.array([HERE, HERE], np.float32), scores, 0.45, SuppressionRule("softnms"))

    assert got.tolist() == [1, 1]
    assert weaker_scores(scores, got).tolist() == [0.5, 0]


def test_of_equal_scores_the_first_comes_first():
    scores = np.array([0.5, 0.5], np.float32)

    got = factors(np.array([HERE, HERE], np.float32), scores, 0.45, SuppressionRule("softnms"))

    assert got.tolist() == [1, 0]


def test_what_has_become_a_thousandth_lowers_nothing():
    boxes = np.array([HERE, (0, 0, 2, 1), (0, 0, 2, 1)], np.float32)  # half of the first

    got = factors(boxes, np.array([0.9, 0.002, 0.002]), 0.3, SuppressionRule("softnms"))

    assert got.tolist() == [1, 0.5, 0.5]  # .001 each; else the second would make the third 0


def test_an_overlap_that_does_not_exceed_the_threshold_lowers_nothing():
    boxes = np.array([HERE, (0, 0, 2, 1)], np.float32)  # an IoU of .5
    scores = np.array([0.9, 0.8], np.float32)

    assert factors(boxes, scores, 0.5, SuppressionRule("softnms")).tolist() == [1, 1]
    assert factors(boxes, scores, 0.49, SuppressionRule("softnms")).tolist() == [1, 0.5]
