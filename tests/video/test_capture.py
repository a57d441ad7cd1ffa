"""Films, cameras and streams are opened by OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from films import index_of, write_film

from pydarknet.video.capture import Camera, OpenCVCapture, name_for_ffmpeg, open_by_opencv, rgb_of


def test_a_film_has_a_rate_a_number_of_frames_and_an_end(tmp_path):
    film = open_by_opencv(str(write_film(tmp_path / "a.avi", frames=3, rate=12)))

    assert film is not None
    assert (film.rate, film.count) == (12, 3)
    frames = [film.read() for _ in range(4)]
    assert [index_of(one) for one in frames[:3] if one is not None] == [0, 1, 2]
    assert frames[3] is None
    film.close()


def test_what_is_no_film_is_not_opened_and_opencv_says_nothing(tmp_path, capfd):
    (tmp_path / "a.avi").write_bytes(b"no film")

    assert open_by_opencv(str(tmp_path / "a.avi")) is None
    assert open_by_opencv(str(tmp_path / "missing.avi")) is None
    assert capfd.readouterr() == ("", "")


def test_frames_are_red_first_in_three_channels():
    blue_first = np.array([[[1, 2, 3]]], np.uint8)
    with_alpha = np.array([[[1, 2, 3, 4]]], np.uint8)

    assert rgb_of(blue_first).tolist() == [[[3, 2, 1]]]
    assert rgb_of(with_alpha).tolist() == [[[3, 2, 1]]]
    assert rgb_of(np.array([[7]], np.uint8)).tolist() == [[[7, 7, 7]]]


class Video:
    """Stands in for cv2.VideoCapture."""

    def __init__(self, *opened: object) -> None:
        self.opened = opened
        self.asked: dict[int, float] = {}

    def set(self, prop: int, value: float) -> None:
        self.asked[prop] = value

    def get(self, prop: int) -> float:
        return {cv2.CAP_PROP_FPS: 90000.0, cv2.CAP_PROP_FRAME_COUNT: -1e18}[prop]

    def isOpened(self) -> bool:  # OpenCV's name
        return True


def test_a_camera_is_asked_for_size_and_rate(monkeypatch):
    made: list[Video] = []
    monkeypatch.setattr(cv2, "VideoCapture", lambda *a: made.append(Video(*a)) or made[-1])

    open_by_opencv(Camera(2, 640, 480))

    assert made[0].opened == (2,)
    assert made[0].asked == {
        cv2.CAP_PROP_FRAME_WIDTH: 640,
        cv2.CAP_PROP_FRAME_HEIGHT: 480,
        cv2.CAP_PROP_BUFFERSIZE: 1,
    }


def test_a_stream_that_does_not_answer_is_given_up(monkeypatch):
    made: list[Video] = []
    monkeypatch.setattr(cv2, "VideoCapture", lambda *a: made.append(Video(*a)) or made[-1])

    open_by_opencv("rtsp://camera/1")

    place, backend, limits = made[0].opened
    assert (place, backend) == ("rtsp://camera/1", cv2.CAP_FFMPEG)
    assert limits == [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
        10_000,
        cv2.CAP_PROP_READ_TIMEOUT_MSEC,
        10_000,
    ]


def test_a_time_base_is_no_rate_and_a_negative_number_of_frames_none():
    stream = OpenCVCapture(Video())  # type: ignore[arg-type]

    assert (stream.rate, stream.count) == (0, 0)


def test_an_exception_of_opencv_is_the_end_of_a_stream():
    class Broken(Video):
        def read(self) -> None:
            raise cv2.error("broken")

    assert OpenCVCapture(Broken()).read() is None  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["OPENCV_FFMPEG_LOGLEVEL"])
def test_the_environment_is_as_before(monkeypatch, tmp_path, name):
    import os

    monkeypatch.delenv(name, raising=False)
    open_by_opencv(str(tmp_path / "missing.avi"))

    assert name not in os.environ


def test_opencv_is_not_given_a_name_at_which_it_crashes():
    assert open_by_opencv("caf\udce9.avi") is None


@pytest.mark.parametrize(
    ("place", "expected"),
    [("12:30.avi", "./12:30.avi"), ("/a:b.avi", "/a:b.avi"), ("rtsp://a/1", "rtsp://a/1")],
)
def test_ffmpeg_takes_a_name_for_no_protocol(place, expected):
    assert name_for_ffmpeg(place) == expected
