"""Which detection found which truth."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pydarknet.boxes.detections import Detections
from pydarknet.evaluate.ground_truth import GroundTruth
from pydarknet.evaluate.matching import NO_TRUTH, Matches, first_claims, match_image

LEFT, RIGHT = (0.25, 0.5, 0.5, 1.0), (0.75, 0.5, 0.5, 1.0)  # the halves of an image
TALL = (0.25, 0.5, 0.4, 1.0)  # 0.8 of LEFT


def found(*rows: tuple[tuple[float, ...], list[float]]) -> Detections:
    """Return boxes with the scores of their classes."""
    boxes = torch.tensor([box for box, _ in rows]).view(-1, 4)
    scores = torch.tensor([scores for _, scores in rows]).view(len(rows), -1)
    return Detections(boxes, torch.ones(len(rows)), scores)


def test_a_detection_is_one_class_of_one_box_in_the_order_of_both():
    boxes = found((LEFT, [0.5, 0.0, 0.25]), (RIGHT, [0.0, 0.75, 0.0]))

    matches = match_image(boxes, GroundTruth.of([]), 0.5, image=3)

    assert matches.scores.tolist() == [0.5, 0.25, 0.75]
    assert matches.classes.tolist() == [0, 2, 1]
    assert matches.images.tolist() == [3, 3, 3]
    assert matches.truths.tolist() == [NO_TRUTH] * 3


def test_its_truth_is_of_its_class_and_the_one_it_overlaps_most():
    truths = GroundTruth.of([(1, *LEFT), (0, *TALL), (0, *LEFT), (0, *RIGHT)])

    matches = match_image(found((LEFT, [0.5, 0.5])), truths, 0.5, first=10)

    assert matches.truths.tolist() == [12, 10]
    assert matches.overlaps.tolist() == [1, 1]


def test_of_equal_overlaps_the_first_truth_counts():
    truths = GroundTruth.of([(0, *RIGHT), (0, *LEFT), (0, *LEFT)])

    assert match_image(found((LEFT, [0.5])), truths, 0.5).truths.tolist() == [1]


@pytest.mark.parametrize(("thresh", "truth"), [(0.79, 0), (0.81, NO_TRUTH)])
def test_the_overlap_must_exceed_the_threshold(thresh, truth):
    matches = match_image(found((TALL, [0.5])), GroundTruth.of([(0, *LEFT)]), thresh)

    assert matches.truths.tolist() == [truth]
    assert matches.overlaps.tolist() == pytest.approx([0.8 if truth == 0 else 0])


def test_an_overlap_equal_to_the_threshold_is_none():
    half = (0.25, 0.25, 0.5, 0.5)  # a half of LEFT, exactly

    matches = match_image(found((half, [1.0])), GroundTruth.of([(0, *LEFT)]), 0.5)
    assert matches.truths.tolist() == [-1]


def test_several_detections_may_have_one_truth():
    matches = match_image(found((LEFT, [0.5]), (TALL, [0.9])), GroundTruth.of([(0, *LEFT)]), 0.5)

    assert matches.truths.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("truths", "difficult"),
    [
        ([], [True, False]),  # over a difficult box of its class, and of another class
        ([(0, *LEFT)], [False, False]),  # a truth comes first
    ],
)
def test_a_detection_over_nothing_but_a_difficult_box_is_excused(truths, difficult):
    hard = GroundTruth.of([(0, *LEFT), (0, *RIGHT)])

    matches = match_image(found((LEFT, [0.5, 0.5])), GroundTruth.of(truths), 0.5, difficult=hard)

    assert matches.difficult.tolist() == difficult


def test_only_the_first_of_a_queue_claims_a_truth():
    assert first_claims(np.array([-1, 4, 2, 4, -1, 2, 0])).tolist() == [
        *(False, True, True, False, False, False, True)
    ]


def test_nothing_found_in_no_image_is_a_table_without_rows():
    assert len(Matches.cat([])) == 0
    assert Matches.cat([]).boxes.shape == (0, 4)
