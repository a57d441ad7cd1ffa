"""Of what is live the newest frame is seen, and what is lost is sought."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from films import frame, index_of

from pydarknet.errors import DataError
from pydarknet.video.live import Live


class Gate:
    """A capture that gives frames when it is told to; None is a loss."""

    rate, count = 25.0, 0

    def __init__(self) -> None:
        self.frames: list[np.ndarray | None] = []
        self.more = threading.Semaphore(0)
        self.closed = False

    def give(self, *frames: np.ndarray | None) -> None:
        self.frames += frames
        self.more.release(len(frames))

    def read(self) -> np.ndarray | None:
        self.more.acquire()
        return self.frames.pop(0)

    def close(self) -> None:
        self.closed = True


def live(*captures: Gate | None, pauses: tuple[float, ...] = (0.0,)) -> Live:
    opened: Iterator[Gate | None] = iter(captures)
    return Live("camera", lambda: next(opened, None), pauses)


def until(condition) -> None:
    """Wait until something is true, at most ten seconds."""
    wait = threading.Event()
    for _ in range(1000):
        if condition():
            return
        wait.wait(0.01)
    raise AssertionError("waited in vain")


def test_only_the_newest_frame_is_seen():
    gate = Gate()
    gate.give(frame(0))
    camera = live(gate)
    frames = camera.frames()

    assert index_of(next(frames)) == 0
    gate.give(frame(1), frame(2), frame(3))
    until(lambda: not gate.frames and camera.newest is not None and index_of(camera.newest) == 3)
    assert index_of(next(frames)) == 3

    gate.give(None)
    camera.close()


def test_a_stream_that_is_lost_is_opened_again(capsys):
    first, second = Gate(), Gate()
    first.give(frame(0))
    camera = live(first, None, None, second)
    frames = camera.frames()
    assert index_of(next(frames)) == 0

    first.give(None)
    second.give(frame(7))

    assert index_of(next(frames)) == 7
    assert first.closed
    assert capsys.readouterr().err == (
        "camera: no frame comes any more: trying again\ncamera: is back after 0 s\n"
    )
    second.give(None)
    camera.close()


def test_pauses_grow():
    first, second = Gate(), Gate()
    first.give(frame(0))
    camera = live(first, None, None, None, second, pauses=(1, 2, 4))
    waited: list[float | None] = []
    camera.closing.wait = lambda seconds=None: waited.append(seconds) or False  # type: ignore[method-assign]
    frames = camera.frames()
    next(frames)
    first.give(None)
    second.give(frame(1))
    next(frames)

    assert waited == [1, 2, 4, 4]
    second.give(None)
    camera.close()


def test_closing_ends_the_frames_and_the_thread():
    gate = Gate()
    gate.give(frame(0))
    camera = live(gate, pauses=(60.0,))
    frames = camera.frames()
    next(frames)
    gate.give(None)
    until(lambda: camera.capture is None)

    camera.close()

    assert list(frames) == []
    assert not camera.thread.is_alive()


@pytest.mark.parametrize("frames", [None, [None]])
def test_no_camera_is_an_error(frames):
    gate = None
    if frames:
        gate = Gate()
        gate.give(*frames)

    with pytest.raises(DataError, match=r"^camera: Couldn't connect to webcam\.\n    hint: "):
        live(gate)
