"""Objects that a demo follows: their ids, texts and counts, frame by frame."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from objects import boxes

from pydarknet.cli.demo_flags import DemoFlags
from pydarknet.cli.demo_frames import draw_found
from pydarknet.cli.demo_texts import box_lines
from pydarknet.cli.detections_text import Found, all_classes, json_of
from pydarknet.cli.follower import Follower, counts_of, visible
from pydarknet.errors import UsageError

SIZE = (200, 100)
NAMES = ("car", "bus", "dont_show")


@pytest.fixture(autouse=True)
def _package() -> None:
    pytest.importorskip("trackers", reason="pip install -c constraints.txt '.[track]'")


def found(*rows, size=SIZE, **more) -> Found:
    return Found("film.avi", *size, 0.0, boxes(*rows, **more), 0.25)


def falling(frames: int = 6, size=SIZE, **flags) -> tuple[Follower, list[Found]]:
    """Return what follows a car that falls from the top to the bottom, and its frames."""
    follower = Follower(DemoFlags(**flags), SIZE)
    rows = [[0.5, 0.2 + 0.1 * index, 0.1, 0.2] for index in range(frames)]
    return follower, [
        follower.follow(found(row, size=size), index / 10) for index, row in enumerate(rows)
    ]


def test_json_has_the_ids_of_boxes_and_null_where_there_is_none_yet():
    _, frames = falling(2, track=True)

    objects = [json.loads(json_of(one, 1))["objects"] for one in frames]

    assert [[one["track_id"] for one in some] for some in objects] == [[None], [1]]


def test_json_without_counts_has_none():
    _, frames = falling(2, track=True)

    assert json.loads(json_of(frames[1], 2)).keys() == {"frame_id", "filename", "objects"}


def test_json_has_what_was_counted_up_to_the_frame():
    _, frames = falling(count="0,.5,1,.5", zone="0,50,200,50,200,100,0,100")

    counted = [json.loads(json_of(one, 1, named=False))["counts"] for one in frames]

    assert [one["lines"][0]["out"] for one in counted] == [{}, {}, {}, {"car": 1}] + [
        {"car": 1}
    ] * 2
    assert counted[5]["zones"] == [{"inside": {"car": 1}, "entered": {"car": 1}}]
    assert counted[1]["zones"] == [{"inside": {}, "entered": {}}]


def test_the_line_of_a_box_has_its_id_and_similarity_as_the_fork_prints_them():
    _, frames = falling(3, track=True)

    lines = [list(box_lines(one, False)) for one in frames]

    assert lines == [
        ["car: 90% "],
        ["car: 90% (track = 1, sim = 0.000000) "],
        ["car: 90% (track = 1, sim = 0.333333) "],
    ]
    assert list(all_classes(frames[2])) == ["car: 90% (track = 1, sim = 0.333333) "]


def test_the_report_is_that_of_the_last_frame():
    follower, _ = falling(count="0,.5,1,.5;100,50,0,50")

    assert list(follower.report()) == ["Line 1: in 0, out 1 (car 1)", "Line 2: in 1 (car 1), out 0"]
    assert list(Follower(DemoFlags(count="0,.5,1,.5"), SIZE).report()) == []
    assert list(falling(track=True)[0].report()) == []


def test_frames_are_drawn_with_numbers_trails_and_places():
    plain = np.full((100, 200, 3), 100, np.uint8)
    _, frames = falling(count="0,.9,1,.9")

    drawn = [draw_found(plain, one, "alexeyab", DemoFlags(count="0,.9,1,.9")) for one in frames]
    alone = draw_found(plain, replace(frames[5], followed=None), "alexeyab", DemoFlags())

    assert (plain == 100).all()
    assert (drawn[5][90, 190] == 255).all()  # the line
    assert (drawn[5][40:43, 98:103] != 100).any()  # the trail, above the label
    assert (alone[40:43, 98:103] == 100).all()


def test_what_is_drawn_of_a_frame_stays_whatever_comes_later():
    plain, flags = np.full((100, 200, 3), 100, np.uint8), DemoFlags(count="0,.5,1,.5")
    follower = Follower(flags, SIZE)
    first = follower.follow(found([0.5, 0.2, 0.1, 0.2]), 0.0)
    at_once = draw_found(plain, first, "alexeyab", flags)
    for index in range(1, 6):
        follower.follow(found([0.5, 0.2 + 0.1 * index, 0.1, 0.2]), index / 10)

    assert (draw_found(plain, first, "alexeyab", flags) == at_once).all()


def test_frames_of_another_size_are_counted_with_the_same_lines():
    follower, frames = falling(size=(400, 200), count="0,50,200,50")

    assert list(follower.report()) == ["Line 1: in 0, out 1 (car 1)"]
    drawn = draw_found(np.zeros((200, 400, 3), np.uint8), frames[0], "alexeyab", DemoFlags())
    assert (drawn[100, 390] == 255).all()


def test_hidden_classes_are_neither_followed_nor_counted():
    scores = np.array([[0.3, 0, 0.9], [0, 0, 0.9]], np.float32)
    some = replace(
        boxes([0.5, 0.5, 0.1, 0.2], [0.2, 0.5, 0.1, 0.2]), probabilities=scores, names=NAMES
    )
    follower = Follower(DemoFlags(zone="0,0,1,0,1,1,0,1"), SIZE)
    for index in range(3):
        seen = follower.follow(Found("film.avi", *SIZE, 0.0, some, 0.25), index / 10)

    assert seen.boxes.track_ids is not None
    assert seen.boxes.track_ids.tolist() == [1, 0]
    assert seen.boxes.probabilities is scores
    assert list(follower.report()) == ["Zone 1: inside 1 (car 1), entered 1 (car 1)"]
    assert visible(boxes([0.5, 0.5, 0.1, 0.2])).probabilities.max() > 0


def test_lines_lie_in_the_frames():
    with pytest.raises(UsageError, match="-count 0,0,500,10: expected points in the frame, 200 x"):
        counts_of(DemoFlags(count="0,0,500,10"), SIZE)
    assert counts_of(DemoFlags(track=True), SIZE) is None
