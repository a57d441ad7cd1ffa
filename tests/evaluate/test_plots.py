"""How an evaluation pairs detections with true boxes, and what is drawn of it."""

from dataclasses import replace

import numpy as np
from rankings import matched_dataset

from pydarknet.evaluate.average_precision import summary
from pydarknet.evaluate.plots import confusions, file_name, plots

WHOLE, LEFT = (0.5, 0.5, 1, 1), (0.25, 0.5, 0.5, 1)


def found(rows: list[tuple[float, int, tuple]], truths: list[int]) -> object:
    """Return a report of detections as (score, class, box); `truths` are whole images."""
    seen = matched_dataset([(score, index, -1) for score, index, _ in rows], truths)
    boxes = np.array([box for *_, box in rows], np.float32).reshape(-1, 4)
    return summary(replace(seen, matches=replace(seen.matches, boxes=boxes)))


def test_a_truth_found_as_another_class_is_a_confusion():
    counts = confusions(found([(0.9, 1, WHOLE)], [0]))

    assert counts.tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]


def test_the_better_score_has_the_truth_and_the_other_none():
    counts = confusions(found([(0.6, 0, WHOLE), (0.9, 0, WHOLE)], [0]))

    assert counts.tolist() == [[1, 0, 0], [0, 0, 0], [1, 0, 0]]


def test_too_little_overlap_is_a_miss_and_a_find_of_nothing():
    counts = confusions(found([(0.9, 0, LEFT)], [0]))  # an IoU of 0.5 is not above 0.5

    assert counts.tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]


def test_what_is_not_above_the_threshold_does_not_count():
    counts = confusions(found([(0.25, 0, WHOLE)], []))

    assert counts.sum() == 0


def test_a_files_name_has_no_blanks_or_slashes():
    assert file_name("traffic light/red") == "traffic_light_red"


def test_curves_of_each_class_and_of_all_and_the_confusions_are_drawn(tmp_path):
    plots(summary(matched_dataset([], [])), tmp_path / "plots")

    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == [
        "confusion.png",
        "curve_00_a.png",
        "curve_01_b.png",
        "curves.png",
    ]
