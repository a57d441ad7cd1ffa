"""Zones count who is inside."""

from __future__ import annotations

import numpy as np
import pytest
from objects import track

from pydarknet.tracking.zones import ZoneCount

SQUARE = [(10, 10), (90, 10), (90, 90), (10, 90)]
HOOK = [(0, 0), (100, 0), (100, 100), (80, 100), (80, 20), (0, 20)]  # open below


def inside(places) -> list[int]:
    """Return how many are inside the square, as one object of 10 x 10 pixels moves."""
    zone, seen = ZoneCount(SQUARE), []
    for index, (x, y) in enumerate(places):
        zone.update([track(1, x, y)], index / 10)
        seen.append(zone.inside.total())
    return seen


@pytest.mark.parametrize(
    ("places", "seen"),
    [
        ([(50, 50)], [1]),
        ([(50, 5)], [0]),
        ([(50, 10)], [1]),  # on the edge
        ([(50, 5), (50, 10.5), (50, 12)], [0, 0, 1]),  # surely inside: a tenth of 10 from the edge
        ([(50, 12), (50, 9.5), (50, 8)], [1, 1, 0]),
        ([(50, 12), (50, 9.5), (50, 10.5), (50, 9.5)], [1, 1, 1, 1]),  # trembles
    ],
)
def test_who_is_surely_inside_is_counted(places, seen):
    assert inside(places) == seen


def test_each_is_counted_once_as_having_entered():
    zone = ZoneCount(SQUARE)
    for index, y in enumerate((50, 5, 50)):
        zone.update([track(1, 50, y), track(2, 50, 50, kind=1), track(3, 5, 5)], index / 10)

    assert dict(zone.entered) == {0: 1, 1: 1}
    assert dict(zone.inside) == {0: 1, 1: 1}


def test_zones_may_be_hollow():
    zone = ZoneCount(HOOK)
    zone.update([track(1, 50, 10), track(2, 50, 60), track(3, 90, 90)], 0.0)

    assert zone.inside.total() == 2


def test_who_is_not_seen_is_not_inside_and_in_time_forgotten():
    zone = ZoneCount(SQUARE)
    zone.update([track(1, 50, 50)], 0.0)

    zone.update([], 0.1)
    assert (zone.inside.total(), zone.entered.total(), len(zone.stays)) == (0, 1, 1)

    zone.update([], 5.1)
    assert len(zone.stays) == 0


@pytest.mark.parametrize("place", [(50, 10), (50, 60), (90, 90), (110, 50)])
def test_supervision_finds_the_same_inside(place):
    supervision = pytest.importorskip("supervision", reason="pip install supervision")
    (x, y), anchor = place, supervision.Position.BOTTOM_CENTER
    theirs = supervision.PolygonZone(np.array(HOOK), triggering_anchors=[anchor])
    box, ours = np.array([[x - 5.0, y - 10, x + 5, y]]), ZoneCount(HOOK)

    ours.update([track(1, x, y)], 0.0)

    assert ours.inside.total() == theirs.trigger(supervision.Detections(xyxy=box)).sum()
