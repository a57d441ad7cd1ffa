"""Boxes of a consumer are found among others', and a missing one is told by the rule it fell to."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import BENCHMARKS


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch):
    """Return the script as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import compare_consumers

    return compare_consumers


def found(*rows: tuple[float, ...]):
    """Return boxes from rows of class, score, x1, y1, x2, y2."""
    from consumers import Found

    return Found.of(rows)


def test_equal_boxes_are_matched_once(script):
    ours = found((1, 0.9, 0, 0, 10, 10), (1, 0.9, 0, 0, 10, 10), (2, 0.5, 0, 0, 10, 10))
    theirs = found((1, 0.9005, 0, 0, 10, 10.25), (2, 0.4, 0, 0, 10, 10))

    done = script.matches(theirs, ours, 2e-3, 0.5)

    assert done.apart == [(pytest.approx(0.0005, abs=1e-6), 0.25)]
    assert done.unfound == [1, 2]  # the first was taken, the third's score is 0.1 away


def test_overlap_is_intersection_over_union(script):
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]])

    assert script.overlaps(boxes, boxes[0]).tolist() == [1, 50 / 150, 0]


def test_a_missing_box_is_told_by_the_rule_it_fell_to(script):
    from consumers import OnnxRuntime

    reader = OnnxRuntime()
    kept = found((1, 0.9, 0, 0, 10, 10))
    rows = found((1, 0.9, 0, 0, 10, 10), (1, 0.6, 1, 0, 11, 10), (1, 0.7, 50, 50, 60, 60))

    def why(*box: float) -> str:
        return script.reason(reader, kept, found(box), rows, 0.5)

    assert why(2, 0.6, 0, 0, 10, 10) == "label"  # the box's best class is 1
    assert why(1, 0.6, 1, 0, 11, 10) == "overlap"  # 90 / 110
    assert why(1, 0.7, 50, 50, 60, 60) == "unexplained"


def test_the_best_class_of_each_row_is_taken_and_overlaps_are_suppressed(script):
    from consumers import OnnxRuntime

    # cx, cy, w, h, two classes: the second overlaps the first, the third is below 0.25
    rows = [[5, 5, 10, 10, 0.9, 0.8], [6, 5, 10, 10, 0.7, 0.1], [50, 5, 4, 4, 0.1, 0.2]]
    tensor = np.array(rows, np.float32).T[None]

    boxes = OnnxRuntime().parse([tensor], np.zeros((1, 3, 64, 64)))

    assert boxes.classes.tolist() == [0]
    assert boxes.scores.tolist() == [pytest.approx(0.9)]
    assert boxes.corners.tolist() == [[0, 0, 10, 10]]


def test_a_consumer_that_is_not_there_is_named(script):
    from consumers import Absent, Frigate, module

    with pytest.raises(Absent, match=r"^needs --frigate$"):
        Frigate(None)
    with pytest.raises(Absent, match=r"^--frigate /no/where: there is none$"):
        Frigate("/no/where")
    with pytest.raises(Absent, match=r"^needs the package no-such-thing "):
        module("no_such_thing", "no-such-thing")


def test_the_table_adds_up_models_and_tells_failures(script):
    good = {
        **dict.fromkeys(script.COUNTS, 2),
        "equal_apart": [1e-6, 1e-4],
        "found_apart": [0.0, 0.0],
    }
    rows = {"A | 1 | ab x": good, "A | 1 | ab y": good, "A | 1 | ab z": {"error": "ValueError: n"}}

    lines = script.table(rows)

    assert lines[2] == (
        "| A | 1 | 2 | 4 | 4 / 4 | 1e-06, 1e-04 | 4 / 4 | 0e+00, 0e+00 | 4 | 4 | 4 |"
    )
    assert lines[3:] == ["A | 1 | ab z: ValueError: n"]
