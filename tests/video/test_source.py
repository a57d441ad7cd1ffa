"""What a word of the command line means: a film, a camera, a stream."""

from __future__ import annotations

import http.server
import threading

import cv2
import pytest
from films import frame, index_of, write_film

from pydarknet.errors import DataError
from pydarknet.system.inputs import is_input, keep_inputs
from pydarknet.video import source
from pydarknet.video.capture import Camera
from pydarknet.video.film import Film
from pydarknet.video.live import Live
from pydarknet.video.source import open_source, without_password


@pytest.fixture
def opened(monkeypatch):
    """What OpenCV is asked to open; nothing can be."""
    places: list[object] = []
    monkeypatch.setattr(source, "open_by_opencv", lambda place: places.append(place))
    monkeypatch.setattr(source, "open_by_av", lambda place: None)
    return places


def test_a_file_is_a_film(tmp_path):
    film = open_source(str(write_film(tmp_path / "a.avi")))

    assert isinstance(film, Film)
    film.close()


@pytest.mark.parametrize(
    ("word", "camera", "place"),
    [
        (None, Camera(3, 640, 480, 15), Camera(3, 640, 480, 15)),
        ("1", Camera(0, 640), Camera(1, 640)),
        ("/dev/null", None, "/dev/null"),
        ("rtsp://camera/1", None, "rtsp://camera/1"),
    ],
)
def test_what_is_live(word, camera, place, opened):
    with pytest.raises(DataError, match="Couldn't connect to webcam"):
        open_source(word, camera)

    assert opened[0] == place


def test_a_file_whose_name_is_a_number_is_a_film(tmp_path, monkeypatch):
    write_film(tmp_path / "a.avi").rename(tmp_path / "7")
    monkeypatch.chdir(tmp_path)

    film = open_source("7")

    assert isinstance(film, Film)
    film.close()


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ("missing.avi", r"^missing\.avi: No such file or directory: expected a video$"),
        (".", r"^\.: Is a directory: expected a video$"),
        ("a\0b", "no file has this name: expected a video"),
        ("text.avi", r"^text\.avi: cannot be opened: expected a video"),
    ],
)
def test_what_is_no_film_is_one_clear_line(word, problem, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.avi").write_text("no film")

    with pytest.raises(DataError, match=problem):
        open_source(word)


def test_a_film_that_a_server_has_is_read_whole(tmp_path):
    write_film(tmp_path / "a.avi", frames=5)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(tmp_path))  # type: ignore[arg-type]

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        film = open_source(f"http://127.0.0.1:{server.server_port}/a.avi")
        assert isinstance(film, Film)
        assert [index_of(one) for one in film.frames()] == [0, 1, 2, 3, 4]
    finally:
        server.shutdown()
        server.server_close()


def test_a_stream_is_live(monkeypatch):
    class Capture:
        rate, count = 25.0, 0

        def read(self):
            import numpy as np

            return np.zeros((2, 3, 3), np.uint8)

        def close(self) -> None:
            """Nothing to let go."""

    monkeypatch.setattr(source, "open_by_opencv", lambda place: Capture())

    stream = open_source("rtsp://me:secret@camera/1")

    assert isinstance(stream, Live)
    assert (stream.name, stream.size) == ("rtsp://camera/1", (3, 2))


def test_a_password_is_not_shown():
    assert without_password("rtsp://me:p@ss@host:554/a?b=c") == "rtsp://host:554/a?b=c"
    assert without_password("film.avi") == "film.avi"
    assert without_password("http://[bad") == "http://[bad"


@pytest.mark.parametrize("name", ["12:30.avi", "100%d.avi", "concat:a.avi", "-a.avi", "a b'\n.avi"])
def test_a_name_is_taken_for_nothing_else(tmp_path, monkeypatch, name):
    write_film(tmp_path / "a.avi", frames=3, code="DIVX").rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)

    film = open_source(name)

    assert [index_of(one) for one in film.frames()] == [0, 1, 2]


def test_a_film_is_not_written_over_whatever_it_is_called(tmp_path):
    path = write_film(tmp_path / "a.avi")
    with keep_inputs():
        open_source(path.as_uri()).close()

        assert is_input(path)


def test_the_files_of_a_sequence_are_not_written_over(tmp_path):
    for number in range(2):
        cv2.imwrite(str(tmp_path / f"f_{number:03d}.png"), frame(number))
    cv2.imwrite(str(tmp_path / "g_000.png"), frame(0))
    with keep_inputs():
        open_source(str(tmp_path / "f_%03d.png")).close()

        assert is_input(tmp_path / "f_001.png")
        assert not is_input(tmp_path / "g_000.png")
