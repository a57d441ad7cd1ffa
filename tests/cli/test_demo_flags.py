"""The flags of the demos."""

from pydarknet.cli.demo_flags import DemoFlags
from pydarknet.video.capture import Camera


def test_the_camera_is_asked_for_what_is_told():
    assert DemoFlags(c=2, w=640, h=480, fps=15).camera == Camera(2, 640, 480, 15)


def test_frames_between_have_two_names():
    assert [DemoFlags(s=2).between, DemoFlags(skip=3).between, DemoFlags().between] == [2, 3, 0]
