"""Lines and zones as they are written on a command line."""

from __future__ import annotations

import pytest

from pydarknet.errors import UsageError
from pydarknet.tracking.places import in_pixels, read_lines, read_zones

SIZE = (640, 480)


def test_several_are_parted_by_semicolons():
    assert read_lines("0,.5,1,.5; 10,20,30,40", "-count") == [
        ((0, 0.5), (1, 0.5)),
        ((10, 20), (30, 40)),
    ]
    assert read_zones("0,0,1,0,1,1;", "-zone") == [((0, 0), (1, 0), (1, 1))]


def test_none_are_told_by_nothing():
    assert read_lines(None, "-count") == read_zones(None, "-zone") == []


@pytest.mark.parametrize(
    "word",
    [";", "1,2,3", "a,b,c,d", "0,0,nan,1", "0,0,-1,1", "0,0,1,1,2,2", "1,1,1,1", "0 0 1 1"],
)
def test_what_is_no_line_is_told(word):
    with pytest.raises(UsageError, match=f"-count {word}: expected .*x1,y1,x2,y2"):
        read_lines(word, "-count")


@pytest.mark.parametrize("word", ["0,0,1,1", "0,0,1,1,.5,.5", "0,0,1,1,1", "0,0,1,0,1,inf"])
def test_what_is_no_zone_is_told(word):
    with pytest.raises(UsageError, match=f"-zone {word}: expected .*x1,y1,x2,y2,x3,y3"):
        read_zones(word, "-zone")


def test_numbers_up_to_1_are_shares_of_the_frame():
    assert in_pixels(((0, 0.5), (1, 0.25)), SIZE, "-count") == ((0, 240), (640, 120))
    assert in_pixels(((0, 240), (640, 480)), SIZE, "-count") == ((0, 240), (640, 480))


def test_pixels_lie_in_the_frame():
    problem = "-count 0,0,641,480: expected points in the frame, 640 x 480"
    with pytest.raises(UsageError, match=problem):
        in_pixels(((0, 0), (641, 480)), SIZE, "-count")
