"""The flags of the demos."""

import pytest

from pydarknet.cli.demo_flags import DemoFlags
from pydarknet.errors import UsageError
from pydarknet.tracking import tracker
from pydarknet.video.capture import Camera


def test_the_camera_is_asked_for_what_is_told():
    assert DemoFlags(c=2, w=640, h=480, fps=15).camera == Camera(2, 640, 480, 15)


def test_frames_between_have_two_names():
    assert [DemoFlags(s=2).between, DemoFlags(skip=3).between, DemoFlags().between] == [2, 3, 0]


@pytest.mark.parametrize(
    ("flags", "follows"),
    [
        ({}, False),
        ({"track": True}, True),
        ({"count": "0,0,1,1"}, True),
        ({"zone": "0,0,1,0,1,1"}, True),
    ],
)
def test_lines_and_zones_need_objects_that_are_followed(monkeypatch, flags, follows):
    monkeypatch.setattr(tracker, "find_spec", lambda name: object())  # as if it were installed

    assert DemoFlags(**flags).follows is follows


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        ({"count": "0,0,1"}, "-count 0,0,1: expected"),
        ({"zone": "0,0,1,1"}, "-zone 0,0,1,1: expected"),
        ({"track": True}, "pip install -c constraints.txt '..track.'"),
        ({"count": "0,0,1,1"}, "pip install -c constraints.txt '..track.'"),
    ],
)
def test_what_cannot_be_followed_is_told_before_all_else(monkeypatch, flags, problem):
    monkeypatch.setattr(tracker, "find_spec", lambda name: None)

    with pytest.raises(UsageError, match=problem):
        DemoFlags(**flags)
