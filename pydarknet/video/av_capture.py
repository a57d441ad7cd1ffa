"""Films and streams by PyAV, which brings an FFmpeg of its own."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from ..system.console import note_once
from ..system.text import one_line
from .capture import MOST_RATE, OPENING_MS, READING_MS, name_for_ffmpeg

RTSP: Final = {"rtsp_transport": "tcp", "fflags": "nobuffer"}  # options of FFmpeg


def is_installed() -> bool:
    """Return whether PyAV is there; one that is broken is not, and told once."""
    if find_spec("av") is None:
        return False
    try:
        import_module("av")
    except Exception as error:  # of whatever its libraries lack
        note_once(f"PyAV is not used: {one_line(str(error))}: pydarknet doctor says more")
        return False
    return True


class AvCapture:
    """What PyAV opened: its first video stream."""

    def __init__(self, container: Any) -> None:
        self.container = container
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        rate = float(stream.average_rate or stream.guessed_rate or 0)
        self.rate = rate if 0 < rate < MOST_RATE else 0.0
        self.count = int(stream.frames or 0)
        self.frames: Iterator[Any] = container.decode(stream)

    def read(self) -> np.ndarray | None:
        import av

        try:
            frame = next(self.frames, None)
        except (av.FFmpegError, OSError):
            return None
        return None if frame is None else upright(frame)

    def close(self) -> None:
        self.container.close()


def upright(frame: Any) -> np.ndarray:
    """Return a frame as uint8 RGB [H, W, 3], turned as its film says."""
    pixels = frame.to_ndarray(format="rgb24")
    turns = round(getattr(frame, "rotation", 0) / 90) % 4  # counter-clockwise
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels


def open_by_av(place: str) -> AvCapture | None:
    """Open a film or a stream by PyAV; None if it is not installed or cannot."""
    if not is_installed():
        return None
    import av

    av.logging.set_level(None)
    live = "://" in place
    seconds = OPENING_MS / 1000, READING_MS / 1000
    options = RTSP if place.startswith("rtsp") else {}
    try:
        container = av.open(
            name_for_ffmpeg(place), options=options, timeout=seconds if live else None
        )
    except (av.FFmpegError, OSError, ValueError):
        return None
    if not container.streams.video:
        container.close()
        return None
    return AvCapture(container)
