"""Boxes keep the ids of their objects, whatever the size of frames and the time between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from objects import boxes

from pydarknet.boxes.origin import Origin
from pydarknet.errors import UsageError
from pydarknet.tracking import tracker as module
from pydarknet.tracking.tracker import Kinds, Tracker, traceable

SIZE = (640, 480)
STILL = (0.5, 0.5, 0.1, 0.2)


@pytest.fixture
def tracker() -> Tracker:
    pytest.importorskip("trackers", reason="pip install -c constraints.txt '.[track]'")
    return Tracker()


def ids(found) -> list[int]:
    return found.track_ids.tolist()


def test_an_object_has_an_id_from_its_second_frame_on(tracker):
    assert [ids(tracker.update(boxes(STILL), SIZE)) for _ in range(3)] == [[0], [1], [1]]


@pytest.mark.parametrize("rate", [2, 10, 30, 100])
@pytest.mark.parametrize("size", [(64, 48), (6400, 4800)])
def test_two_that_pass_each_other_keep_their_ids_at_any_rate(tracker, rate, size):
    seen = []
    for index in range(4 * rate + 1):  # each crosses the frame in 4 seconds
        part = 0.1 + 0.8 * index / (4 * rate)
        rows = [part, 0.4, 0.1, 0.2], [1 - part, 0.5, 0.1, 0.2]
        seen.append(ids(tracker.update(boxes(*rows), size, index / rate)))

    assert seen == [[0, 0]] + [[1, 2]] * (4 * rate)


def test_an_object_that_is_missed_for_a_second_keeps_its_id(tracker):
    for index in range(10):
        tracker.update(boxes(STILL), SIZE, index / 10)
    for index in range(10, 20):
        assert ids(tracker.update(boxes(), SIZE, index / 10)) == []

    assert ids(tracker.update(boxes(STILL), SIZE, 2.0)) == [1]


def test_one_that_comes_after_two_seconds_is_another(tracker):
    for index in range(10):
        tracker.update(boxes(STILL), SIZE, index / 10)
    for index in range(10, 30):
        tracker.update(boxes(), SIZE, index / 10)

    assert [ids(tracker.update(boxes(STILL), SIZE, time)) for time in (3.0, 3.1)] == [[0], [2]]


def test_ids_stand_beside_their_boxes_whatever_the_order(tracker):
    rows = [[0.2, 0.2, 0.1, 0.1], [0.5, 0.5, 0.1, 0.1], [0.8, 0.8, 0.1, 0.1]]
    for _ in range(2):
        tracker.update(boxes(*rows), SIZE)

    found = tracker.update(boxes(rows[2], rows[0], rows[1]), SIZE)

    assert ids(found) == [3, 1, 2]
    assert found.boxes[0].tolist() == pytest.approx(rows[2])


def test_a_box_whose_class_changes_keeps_its_id(tracker):
    kinds = [[[0.9, 0]], [[0, 0.6]], [[0.9, 0]]]

    seen = [ids(tracker.update(boxes(STILL, scores=kind), SIZE)) for kind in kinds]

    assert seen == [[0], [1], [1]]


@pytest.mark.parametrize(("kind", "number"), [((0.9, 0), 1), ((0, 0.9), 2)])
def test_of_two_that_are_as_near_the_one_of_its_class_has_the_box(tracker, kind, number):
    both = boxes([0.50, 0.5, 0.1, 0.2], [0.56, 0.5, 0.1, 0.2], scores=[[0.9, 0], [0, 0.9]])
    for index in range(5):
        found = tracker.update(both, SIZE, index / 10)
    assert ids(found) == [1, 2]

    one = tracker.update(boxes([0.53, 0.5, 0.1, 0.2], scores=[kind]), SIZE, 0.5)

    assert ids(one) == [number]


def test_objects_are_of_classes_in_shares_until_they_are_gone():
    kinds = Kinds()
    for classes in ([0, 1], [0, 0], [2, 0], [0, 0]):
        kinds.update(np.array([7, 0]), np.array(classes), 3, {7, -1})

    assert kinds.shares(7, np.array([0, 2, 0, 1])).tolist() == [0.75, 0.25, 0.75, 0]
    assert kinds.shares(8, np.array([0, 2])).tolist() == [1, 1]

    kinds.update(np.array([8]), np.array([1]), 3, {8})
    assert set(kinds.known) == {8}


def test_what_is_no_box_and_what_has_no_class_gets_no_id(tracker):
    rows = [[np.nan] * 4, [0.5, 0.5, 0, 0.2], [0.2, 0.5, 0.1, 0.2], [0.8, 0.5, 0.1, 0.2]]
    scores = [[0.9, 0], [0.9, 0], [0, 0], [0.9, 0]]
    for _ in range(3):
        found = tracker.update(boxes(*rows, scores=scores), SIZE)

    assert ids(found) == [0, 0, 0, 1]


@pytest.mark.parametrize("times", [[1.0, 1.0, 1.0], [1.0, 0.5, 0.4]])
def test_times_that_stand_still_or_run_back_do_no_harm(tracker, times):
    assert [ids(tracker.update(boxes(STILL), SIZE, time)) for time in times] == [[0], [1], [1]]


def test_the_size_is_that_of_the_image_in_which_boxes_were_found(tracker):
    located = replace(boxes(STILL), origin=Origin(SIZE, "alexeyab"))
    for _ in range(2):
        found = tracker.update(located)

    assert ids(found) == [1]
    with pytest.raises(UsageError, match="expected the size of the frame"):
        tracker.update(boxes(STILL))


def test_a_missing_package_is_told_with_the_mend(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)

    with pytest.raises(UsageError, match=r"trackers, which is missing\n.*txt '\.\[track"):
        Tracker()


def test_boxes_that_can_be_followed_are_finite_and_have_an_area():
    edges = [[0, 0, 1, 1], [0, 0, 0, 1], [0, np.nan, 1, 1], [0, 0, np.inf, 1], [1, 1, 0, 0]]

    assert traceable(np.array(edges)).tolist() == [True, False, False, False, False]
