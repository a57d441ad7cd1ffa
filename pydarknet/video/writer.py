"""A film is written, frame by frame, by a thread of its own."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path
from queue import Queue
from typing import Any, Final, Protocol

import cv2
import numpy as np

from ..errors import DataError, UsageError
from ..image.decode import silent_opencv
from ..system.c_stderr import take_warnings
from ..system.inputs import check_output
from ..system.paths import is_utf8
from ..system.problems import guard
from .av_capture import is_installed, open_by_av
from .capture import name_for_ffmpeg, open_by_opencv, silent_ffmpeg
from .whole import is_whole

CODES: Final = {  # what stands in a film of this ending, as FourCC
    ".avi": "DIVX",
    ".mkv": "DIVX",
    ".mp4": "mp4v",
    ".m4v": "mp4v",
    ".mov": "mp4v",
    ".webm": "VP80",
    ".wmv": "WMV2",
}
BY_AV: Final = (".mp4", ".m4v", ".mov", ".mkv")  # in which PyAV writes H.264
BEHIND: Final = 8  # frames that may wait to be written
LEFT: Final = 20_000_000  # bytes: on a fuller disk a film could not be finished
LOOK: Final = 0.5  # seconds between looks at the disk
DEFAULT_RATE: Final = 25.0

Frame = np.ndarray  # uint8 RGB [H, W, 3]


class Encoder(Protocol):
    """What turns frames into a film."""

    def write(self, frame: Frame) -> None:
        """Add a frame of the film's size."""

    def close(self) -> None:
        """Finish the film."""


class OpenCVEncoder:
    """A film that OpenCV writes. Raises DataError if it cannot."""

    def __init__(self, path: Path, rate: float, size: tuple[int, int]) -> None:
        if not is_utf8(path):
            raise DataError("OpenCV writes no file whose name is not UTF-8", where=path)
        code = cv2.VideoWriter.fourcc(*CODES[path.suffix.lower()])
        with silent_ffmpeg(), take_warnings():  # that a format has no FourCC
            self.video = cv2.VideoWriter(name_for_ffmpeg(str(path)), code, rate, size)
        if not self.video.isOpened():
            check_writable(path)
            problem = f"OpenCV writes no film of {size[0]} x {size[1]} at {rate:g} frames a second"
            raise DataError(problem, where=path)

    def write(self, frame: Frame) -> None:
        with silent_opencv():
            self.video.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))

    def close(self) -> None:
        self.video.release()


def encoder_of(path: Path, rate: float, size: tuple[int, int]) -> Encoder:
    """Return PyAV's encoder where that is installed and writes H.264, else OpenCV's."""
    if path.suffix.lower() in BY_AV and is_installed():
        from .av_encoder import AvEncoder

        return AvEncoder(path, rate, size)
    return OpenCVEncoder(path, rate, size)


def check_film(path: Path) -> None:
    """Raise UsageError for a film whose ending says no format that can be written."""
    if path.suffix.lower() not in CODES:
        raise UsageError(f"expected a film's ending: one of {', '.join(CODES)}", where=path)


class FilmWriter:
    """A film of one size. Whoever gives frames waits only while too many are waiting.

    While LEFT bytes are left on the disk it is finished, which is a problem that is told once, and
    later frames are dropped. `live` frames come when they come: each is written as often as time
    has passed.
    """

    def __init__(
        self, path: Path, rate: float, size: tuple[int, int], *, live: bool = False
    ) -> None:
        """Raises DataError if the film cannot be written, UsageError if it is one that is read."""
        check_film(path)
        check_output(path)
        self.path, self.size = path, size
        self.rate = rate if rate > 0 else DEFAULT_RATE
        check_space(path)
        self.encoder: Encoder | None = encoder_of(path, self.rate, size)
        self.pace = Pace(self.rate) if live else None
        self.problem: Exception | None = None
        self.frames = 0
        self.looked = time.monotonic()
        self.queue: Queue[Frame | None] = Queue(BEHIND)
        self.thread = threading.Thread(target=self.work, name="film writer", daemon=True)
        self.thread.start()

    @property
    def open(self) -> bool:
        """Whether frames are still written."""
        return self.encoder is not None

    def write(self, frame: Frame) -> None:
        """Give a frame to be written."""
        if self.open:
            self.queue.put(frame)
        self.tell()

    def work(self) -> None:
        """Write what is given until there is no more."""
        while (frame := self.queue.get()) is not None:
            if self.encoder is None:
                continue
            try:
                self.add(frame)
            except Exception as error:  # told by whoever gives frames
                self.problem = error
                self.finish()
        self.finish()

    def add(self, frame: Frame) -> None:
        """Write a frame, fitted to the film, as often as it is due."""
        if (frame.shape[1], frame.shape[0]) != self.size:
            frame = np.asarray(cv2.resize(frame, self.size))
        if time.monotonic() - self.looked > LOOK:
            self.looked = time.monotonic()
            check_space(self.path)
            check_there(self.path)
        for _ in range(self.pace.due() if self.pace else 1):
            assert self.encoder
            self.encoder.write(frame)
            self.frames += 1

    def finish(self) -> None:
        """Let the encoder finish the film."""
        encoder, self.encoder = self.encoder, None
        if encoder:
            try:
                encoder.close()
            except Exception as error:
                self.problem = self.problem or error

    def tell(self) -> None:
        """Report what went wrong, once."""
        problem, self.problem = self.problem, None
        if problem:
            with guard(str(self.path)):
                raise problem

    def close(self) -> None:
        """Finish the film, and see whether it can be played."""
        if self.thread.is_alive():
            self.queue.put(None)
            self.thread.join()
        told = self.problem is not None
        self.tell()
        if told or not self.frames:
            return
        with guard(str(self.path)):
            if not plays(self.path):
                raise DataError("cannot be played: it was not written whole", where=self.path)
            if not is_whole(str(self.path), finished=True):
                raise DataError("was not written whole", where=self.path)


class Pace:
    """How often a frame of a live source is due in a film of a fixed rate."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.start: float | None = None
        self.given = 0

    def due(self, now: float | None = None) -> int:
        """Return how often the frame of `now` is due; after a pause, for at most a second."""
        now = time.monotonic() if now is None else now
        if self.start is None:
            self.start = now
        wanted = round((now - self.start) * self.rate) + 1
        times = min(max(wanted - self.given, 0), max(round(self.rate), 1))
        self.given = wanted
        return times


def check_space(path: Path) -> None:
    """Raise DataError if too little is left on the disk to finish a film."""
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror}", where=path) from None
    if free < LEFT:
        raise DataError(
            f"the disk is nearly full, so the film ends here: {LEFT // 1_000_000} MB are needed",
            where=path,
        )


def check_writable(path: Path) -> None:
    """Raise DataError with the system's reason for which a film that OpenCV refused is none."""
    try:
        with open(path, "ab"):
            return
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror}", where=path) from None


def check_there(path: Path) -> None:
    """Raise DataError if a film that is written has disappeared; OpenCV does not notice."""
    if not os.path.exists(path):
        raise DataError("is no longer there, so the film ends here", where=path)


def plays(path: Path) -> bool:
    """Return whether a film has a frame that can be read."""
    capture: Any = open_by_opencv(str(path)) or open_by_av(str(path))
    if capture is None:
        return False
    try:
        return capture.read() is not None
    finally:
        capture.close()
