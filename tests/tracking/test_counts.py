"""What lines and zones counted, as JSON and as text."""

from __future__ import annotations

from objects import track

from pydarknet.tracking.counts import Counts, Sums
from pydarknet.tracking.lines import Line

LINES = [Line((0, 50), (100, 50)), Line((200, 0), (200, 10))]
ZONE = [(0, 40), (100, 40), (100, 100), (0, 100)]
NAMES = ["car", "bus"]


def counted() -> list[Sums]:
    """Return the sums of two frames: a car and a bus go down, another car goes up."""
    counts = Counts(LINES, [ZONE])
    return [
        counts.update(
            [track(1, 20, y), None, track(2, 40, y, kind=1), track(3, 60, 100 - y)], y / 10
        )
        for y in (30, 70)
    ]


def test_json_has_the_names_of_classes():
    assert counted()[1].json(NAMES.__getitem__) == {
        "lines": [{"in": {"car": 1}, "out": {"car": 1, "bus": 1}}, {"in": {}, "out": {}}],
        "zones": [{"inside": {"car": 1, "bus": 1}, "entered": {"car": 2, "bus": 1}}],
    }


def test_the_sums_of_a_frame_stay_what_they_were():
    first, _ = counted()

    assert first.json(NAMES.__getitem__) == {
        "lines": [{"in": {}, "out": {}}] * 2,
        "zones": [{"inside": {"car": 1}, "entered": {"car": 1}}],
    }


def test_the_report_is_a_text_a_line_and_zone():
    assert list(counted()[1].report(NAMES.__getitem__)) == [
        "Line 1: in 1 (car 1), out 2 (car 1, bus 1)",
        "Line 2: in 0, out 0",
        "Zone 1: inside 2 (car 1, bus 1), entered 3 (car 2, bus 1)",
    ]


def test_classes_of_one_name_are_one():
    assert counted()[1].json(lambda k: "vehicle")["lines"][0]["out"] == {"vehicle": 2}
