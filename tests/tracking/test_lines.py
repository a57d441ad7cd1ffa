"""Lines count who crosses them, once, by class and direction."""

from __future__ import annotations

import numpy as np
import pytest
from objects import track

from pydarknet.tracking.lines import IN, OUT, Line, LineCount

ACROSS = Line((0, 50), (100, 50))  # from left to right: `in` is up


def crossed(places, line=ACROSS, side=10.0) -> tuple[int, int]:
    """Return how many crossings in and out a line counts of one object at places, in order."""
    count = LineCount(line)
    for index, (x, y) in enumerate(places):
        count.update([track(1, x, y, side)], index / 10)
    return count.crossed[IN][0], count.crossed[OUT][0]


@pytest.mark.parametrize(
    ("places", "counted"),
    [
        ([(40, 30), (40, 70)], (0, 1)),  # down
        ([(40, 70), (40, 30)], (1, 0)),  # up
        ([(40, 30), (40, 70), (40, 30)], (1, 1)),  # there and back
        ([(40, 30), (40, 45)], (0, 0)),  # not across
        ([(40, 30), (40, 48), (40, 50.5)], (0, 0)),  # not surely: within a tenth of 10
        ([(40, 30), (40, 50.5), (40, 49.5), (40, 50.5), (40, 51.5)], (0, 1)),  # trembles on it
        ([(40, 30), (40, 51.5), (40, 49.5), (40, 51.5)], (0, 1)),  # and comes back not surely
        ([(110, 30), (110, 70)], (0, 0)),  # beside its end
        ([(90, 30), (110, 70)], (0, 1)),  # at its very end: it is crossed at 100
        ([(90, 30), (112, 70)], (0, 0)),  # at 101
        ([(40, 30), (120, 40), (120, 70), (40, 70)], (0, 0)),  # around its end
        ([(40, 50), (40, 70)], (0, 0)),  # appeared on it
        ([(40, 50.5), (40, 30), (40, 70)], (0, 1)),
    ],
)
def test_who_crosses_is_counted_once(places, counted):
    assert crossed(places) == counted


@pytest.mark.parametrize(
    ("line", "places", "counted"),
    [
        (Line((100, 50), (0, 50)), [(40, 30), (40, 70)], (1, 0)),  # drawn from right to left
        (Line((50, 0), (50, 100)), [(30, 40), (70, 40)], (1, 0)),  # from top to bottom
        (Line((0, 0), (100, 100)), [(20, 40), (40, 20)], (1, 0)),  # aslant
        (Line((0, 0), (100, 100)), [(120, 140), (140, 120)], (0, 0)),  # beyond its end
    ],
)
def test_in_is_left_of_a_line_seen_from_its_start(line, places, counted):
    assert crossed(places, line) == counted


def test_how_far_is_sure_depends_on_the_size_of_the_object():
    places = [(40, 30), (40, 53)]

    assert crossed(places, side=20) == (0, 1)
    assert crossed(places, side=40) == (0, 0)  # 3 is less than a tenth of it


def test_objects_are_counted_by_class():
    count = LineCount(ACROSS)
    for y in (30, 70):
        count.update([track(1, 20, y), track(2, 40, y, kind=1), track(3, 60, y)], y / 10)

    assert dict(count.crossed[OUT]) == {0: 2, 1: 1}


def test_who_is_long_gone_is_forgotten():
    count = LineCount(ACROSS)
    count.update([track(1, 20, 30)], 0.0)
    assert set(count.passages) == {1}

    count.update([], 5.1)

    assert count.passages == {}


def test_distances_are_in_pixels_and_positive_on_the_right():
    assert ACROSS.distance(10, 53) == 3
    assert Line((0, 0), (30, 40)).distance(40, 0) == -32  # (30 * 0 - 40 * 40) / 50
    assert Line((0, 0), (30, 40)).share(15, 20) == 0.5


@pytest.mark.parametrize(
    "places",
    [
        [(20, 30), (25, 45), (30, 60), (35, 75)],
        [(80, 90), (70, 60), (60, 20)],
        [(50, 20), (55, 80), (60, 20), (65, 80)],
        [(150, 20), (150, 80)],
        [(10, 10), (90, 40)],
    ],
)
def test_supervision_counts_the_same_where_all_is_clear(places):
    supervision = pytest.importorskip("supervision", reason="pip install supervision")
    ends = [supervision.Point(*end) for end in ACROSS]
    theirs = supervision.LineZone(*ends, triggering_anchors=[supervision.Position.BOTTOM_CENTER])

    for x, y in places:
        box, one = np.array([[x - 5.0, y - 10, x + 5, y]]), np.array([1])
        theirs.trigger(supervision.Detections(xyxy=box, class_id=one, tracker_id=one))

    assert crossed(places) == (theirs.in_count, theirs.out_count)
