"""What is known of each object that is followed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from objects import boxes

from pydarknet.tracking.tracks import MOST, Track, Tracks

SIZE = (100, 50)
ROW = (0.5, 0.5, 0.2, 0.4)


def move(tracks: Tracks, row=ROW, seconds=0.0, scores=((0.9, 0),)) -> Track:
    """Return the object of the id 1, which is where the next frame shows it."""
    found = replace(boxes(row, scores=list(scores)), track_ids=np.array([1]))
    [track] = tracks.update(found, SIZE, seconds)
    assert track is not None
    return track


def test_a_place_is_the_middle_of_the_lower_edge_in_pixels():
    track = move(Tracks(), ROW, 3.0)

    assert track.id == 1
    assert track.spot == pytest.approx((3.0, 50, 35))  # (0.5 + 0.4 / 2) * 50
    assert track.side == pytest.approx(20)  # of 20 x 20 pixels


def test_boxes_without_ids_are_nobody():
    some = replace(boxes(ROW, ROW), track_ids=np.array([0, 7]))

    first, second = Tracks().update(some, SIZE, 0.0)

    assert first is None
    assert second is not None
    assert second.id == 7
    assert Tracks().update(boxes(ROW), SIZE, 0.0) == [None]


def test_the_class_is_the_one_with_most_in_sum():
    tracks = Tracks()
    for kind in ((0.6, 0), (0, 0.9), (0.6, 0)):
        track = move(tracks, scores=[kind])

    assert track.best == 0  # 1.2, and 0.9 of the other


def test_similarity_is_the_overlap_with_the_box_before():
    tracks = Tracks()

    seen = [move(tracks, (x, 0.5, 0.2, 0.2)).similarity for x in (0.4, 0.5)]

    assert seen == pytest.approx([0, 1 / 3])  # half of each is shared


def test_a_trail_has_the_last_second_and_a_half():
    tracks = Tracks()
    for index in range(30):
        track = move(tracks, seconds=index / 10)

    assert [spot.seconds for spot in track.spots] == pytest.approx(np.arange(14, 30) / 10)


def test_trails_are_short_however_many_frames_come():
    tracks = Tracks()
    for index in range(200):
        track = move(tracks, seconds=index / 1000)

    assert len(track.spots) == MOST


def test_who_is_long_gone_is_forgotten():
    tracks = Tracks()
    move(tracks, seconds=0.0)
    tracks.update(replace(boxes(ROW), track_ids=np.array([2])), SIZE, 4.9)
    assert set(tracks.known) == {1, 2}

    tracks.update(boxes(), SIZE, 5.1)

    assert set(tracks.known) == {2}
