"""Every frame of a film is seen, in order."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from films import frame, index_of, write_film

from pydarknet.errors import DataError
from pydarknet.system.problems import count_problems
from pydarknet.video.capture import open_by_opencv
from pydarknet.video.film import AHEAD, Film


def open_film(path) -> Film:
    capture = open_by_opencv(str(path))
    assert capture is not None
    return Film(str(path), capture)


class Frames:
    """A capture of given frames, which counts those that were read."""

    rate = 10.0

    def __init__(self, frames: int, count: int = 0) -> None:
        self.frames, self.count, self.read_ones = frames, count, 0
        self.closed = False

    def read(self) -> np.ndarray | None:
        if self.read_ones == self.frames:
            return None
        self.read_ones += 1
        return frame(self.read_ones - 1)

    def close(self) -> None:
        self.closed = True


def test_all_frames_come_in_order_the_last_too(tmp_path):
    film = open_film(write_film(tmp_path / "a.avi", frames=25))

    assert film.size == (64, 48)
    assert film.rate == 10
    assert [index_of(one) for one in film.frames()] == list(range(25))


def test_no_more_frames_are_read_ahead_than_fit(tmp_path):
    capture = Frames(1000)
    film = Film("film", capture)
    frames = film.frames()
    next(frames)

    for _ in range(100):
        if capture.read_ones > AHEAD + 3:
            break
        threading.Event().wait(0.005)

    assert capture.read_ones <= AHEAD + 3  # in the queue, at the reader, and the one that was taken
    film.close()
    assert capture.closed
    assert not film.thread.is_alive()


def test_a_film_that_ends_before_its_end_is_a_problem(capsys):
    with count_problems() as problems:
        assert len(list(Film("a.avi", Frames(10, count=30)).frames())) == 10

    assert capsys.readouterr().err == "a.avi: ends after 10 of 30 frames\n"
    assert sum(problems.failed.values()) == 1


def test_a_whole_file_that_tells_of_more_frames_is_none(tmp_path, capsys):
    name = str(write_film(tmp_path / "a.avi"))
    with count_problems() as problems:
        list(Film(name, Frames(10, count=30)).frames())

    assert capsys.readouterr().err == f"{name}: has 10 frames; its container tells of 30\n"
    assert not problems.failed


def test_an_estimate_of_the_number_of_frames_may_be_off_by_one(capsys):
    list(Film("a.avi", Frames(10, count=11)).frames())

    assert capsys.readouterr().err == ""


def test_a_decoder_that_fails_ends_the_film(capsys):
    class Broken(Frames):
        def read(self) -> np.ndarray | None:
            if self.read_ones == 3:
                raise RuntimeError("broken")
            return super().read()

    assert len(list(Film("a.avi", Broken(10, count=10)).frames())) == 3
    assert "ends after 3 of 10 frames" in capsys.readouterr().err


def test_a_film_without_a_frame_is_an_error():
    with pytest.raises(DataError, match=r"^a\.avi: no frame can be read: expected a video$"):
        Film("a.avi", Frames(0))
