"""What is known of a frame whose objects are followed."""

from __future__ import annotations

from collections import Counter

import numpy as np
from objects import track

from pydarknet.boxes.draw import Extras
from pydarknet.tracking.counts import LineSum, Sums
from pydarknet.tracking.followed import Followed, extras_of
from pydarknet.tracking.lines import Line

SIZE = (100, 50)


def test_objects_are_drawn_with_their_numbers_and_places():
    assert extras_of([track(7, 50, 10), None], SIZE) == Extras(["#7", ""], [[(0.5, 0.2)], []])


def test_a_frame_in_which_nothing_is_counted_is_drawn_on_as_it_is():
    pixels = np.zeros((50, 100, 3), np.uint8)
    followed = Followed([], Extras(), None, SIZE)

    followed.write(pixels, None)

    assert followed.ground(pixels) is pixels
    assert not pixels.any()


def test_lines_and_their_numbers_are_drawn_and_the_frame_stays():
    pixels = np.zeros((50, 100, 3), np.uint8)
    line = LineSum(Line((0, 45), (100, 45)), Counter(), Counter())
    followed = Followed([], Extras(), Sums((line,)), SIZE)

    ground = followed.ground(pixels)
    drawn = ground.copy()
    followed.write(drawn, None)

    assert not pixels.any()
    assert ground[45, 50].tolist() == [255] * 3
    assert (drawn[:40] != ground[:40]).any()  # `in 0` stands above
