"""What frames are read from: a film, a camera or a stream, opened by OpenCV or by PyAV."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np

from ..image.decode import silent_opencv
from ..system.paths import is_utf8

OPENING_MS: Final = 10_000  # that a stream may take to answer
READING_MS: Final = 10_000  # until a stream without a frame counts as lost
MOST_RATE: Final = 1000.0  # frames per second; more is a time base that was taken for a rate
QUIET: Final = {"OPENCV_FFMPEG_LOGLEVEL": "-8", "OPENCV_LOG_LEVEL": "OFF"}


@dataclass(frozen=True)
class Camera:
    """A camera by its number, and what it is asked for; 0 leaves that to the camera."""

    index: int = 0
    width: int = 0
    height: int = 0
    rate: int = 0


class Capture(Protocol):
    """An open film, camera or stream."""

    @property
    def rate(self) -> float:
        """Frames per second; 0 if unknown."""

    @property
    def count(self) -> int:
        """How many frames there are; 0 if unknown."""

    def read(self) -> np.ndarray | None:
        """Return the next frame, uint8 RGB [H, W, 3]; None at the end, or if it is lost."""

    def close(self) -> None:
        """Let it go."""


class OpenCVCapture:
    """What cv2.VideoCapture opened."""

    def __init__(self, video: cv2.VideoCapture) -> None:
        self.video = video
        rate = video.get(cv2.CAP_PROP_FPS)
        self.rate = rate if 0 < rate < MOST_RATE else 0.0
        count = video.get(cv2.CAP_PROP_FRAME_COUNT)
        self.count = int(count) if 0 < count < 1e9 else 0

    def read(self) -> np.ndarray | None:
        with silent_opencv():
            try:
                there, frame = self.video.read()
            except cv2.error:
                return None
        return rgb_of(frame) if there and frame is not None and frame.size else None

    def close(self) -> None:
        self.video.release()


def rgb_of(frame: np.ndarray) -> np.ndarray:
    """Return what OpenCV read as uint8 RGB [H, W, 3]."""
    if frame.ndim == 2 or frame.shape[2] == 1:
        return np.asarray(cv2.cvtColor(frame, cv2.COLOR_GRAY2RGB))
    if frame.shape[2] == 4:
        return np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGRA2RGB))
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))


def name_for_ffmpeg(place: str) -> str:
    """Return the name of a file so that FFmpeg takes nothing in it for a protocol, as in 12:30.mp4.

    URLs stay as they are.
    """
    return place if "://" in place else os.path.join(os.curdir, place)


@contextmanager
def silent_ffmpeg() -> Iterator[None]:
    """Let FFmpeg in OpenCV write nothing to stderr about what is opened in the block."""
    before = {name: os.environ.get(name) for name in QUIET}
    os.environ.update(QUIET)
    try:
        with silent_opencv():
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def open_by_opencv(place: str | Camera) -> OpenCVCapture | None:
    """Open a film, a stream or a camera by OpenCV; None if it cannot.

    A name that is not UTF-8 it cannot open.

    Darknet: src/image_opencv.cpp get_capture_video_stream, get_capture_webcam (AlexeyAB)
    """
    if isinstance(place, str) and not is_utf8(place):
        return None
    with silent_ffmpeg():
        try:
            video = open_camera(place) if isinstance(place, Camera) else open_place(place)
        except cv2.error:
            return None
    if not video.isOpened():
        video.release()
        return None
    return OpenCVCapture(video)


def open_camera(camera: Camera) -> cv2.VideoCapture:
    """Open a camera and ask it for a size and a rate."""
    video = cv2.VideoCapture(camera.index)
    wanted = {
        cv2.CAP_PROP_FRAME_WIDTH: camera.width,
        cv2.CAP_PROP_FRAME_HEIGHT: camera.height,
        cv2.CAP_PROP_FPS: camera.rate,
        cv2.CAP_PROP_BUFFERSIZE: 1,
    }
    for prop, value in wanted.items():
        if value:
            video.set(prop, value)
    return video


def open_place(place: str) -> cv2.VideoCapture:
    """Open a film or a stream; a stream that does not answer is given up in seconds."""
    if "://" not in place:
        return cv2.VideoCapture(name_for_ffmpeg(place))
    limits = [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
        OPENING_MS,
        cv2.CAP_PROP_READ_TIMEOUT_MSEC,
        READING_MS,
    ]
    return cv2.VideoCapture(place, cv2.CAP_FFMPEG, limits)
