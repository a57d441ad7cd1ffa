"""Films are written whole, by OpenCV or by PyAV."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from films import frame, indices

from pydarknet.errors import DataError, UsageError
from pydarknet.system.inputs import keep_inputs
from pydarknet.system.problems import count_problems
from pydarknet.video import writer
from pydarknet.video.capture import open_by_opencv
from pydarknet.video.writer import CODES, FilmWriter, Pace

SIZE = (64, 48)


@pytest.fixture(autouse=True)
def _by_opencv(monkeypatch):
    monkeypatch.setattr(writer, "is_installed", lambda: False)


def write(path, frames: int, **how: object) -> FilmWriter:
    film = FilmWriter(path, 10, SIZE, **how)  # type: ignore[arg-type]
    for index in range(frames):
        film.write(frame(index))
    film.close()
    return film


@pytest.mark.parametrize("ending", [*CODES, ".AVI"])
def test_every_frame_is_in_the_film_in_order(tmp_path, ending, capfd):
    path = tmp_path / f"film{ending}"

    film = write(path, 25)

    assert film.frames == 25
    assert indices(path) == list(range(25))
    assert capfd.readouterr() == ("", "")


def test_a_frame_of_another_size_is_fitted(tmp_path):
    film = FilmWriter(tmp_path / "a.avi", 10, SIZE)
    film.write(frame(3, size=(128, 96)))
    film.close()

    assert indices(tmp_path / "a.avi") == [3]


def test_an_unknown_rate_is_25(tmp_path):
    film = FilmWriter(tmp_path / "a.avi", 0, SIZE)
    film.write(frame(1))
    film.close()

    capture = open_by_opencv(str(tmp_path / "a.avi"))
    assert capture is not None
    assert capture.rate == 25


@pytest.mark.parametrize("name", ["film", "film.txt", "film.gif"])
def test_an_ending_that_says_no_format_is_an_error(tmp_path, name):
    with pytest.raises(UsageError, match=r"expected a film's ending: one of \.avi, \.mkv"):
        FilmWriter(tmp_path / name, 10, SIZE)


def test_a_film_that_is_read_is_not_written_over(tmp_path):
    write(tmp_path / "a.avi", 3)
    with keep_inputs([tmp_path / "a.avi"]), pytest.raises(UsageError, match="is read by this"):
        FilmWriter(tmp_path / "a.avi", 10, SIZE)


def test_a_folder_that_is_missing_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"a\.avi: cannot be written: No such file"):
        FilmWriter(tmp_path / "none" / "a.avi", 10, SIZE)


Usage = namedtuple("Usage", "total used free")


def test_on_a_disk_that_fills_the_film_is_finished_and_plays(tmp_path, monkeypatch, capsys):
    free = iter([50_000_000, 30_000_000, 19_000_000])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, next(free, 0)))
    monkeypatch.setattr(writer, "LOOK", 0.0)
    path = tmp_path / "a.mp4"

    with count_problems() as problems:
        film = FilmWriter(path, 10, SIZE)
        for index in range(20):
            film.write(frame(index))
        film.close()

    assert indices(path) == [0]
    assert not film.open
    assert capsys.readouterr().err == (
        f"{path}: the disk is nearly full, so the film ends here: 20 MB are needed\n"
    )
    assert sum(problems.failed.values()) == 1


def test_on_a_full_disk_no_film_is_begun(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, 1))

    with pytest.raises(DataError, match="the disk is nearly full"):
        FilmWriter(tmp_path / "a.avi", 10, SIZE)


def test_a_film_that_disappears_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(writer, "LOOK", 0.0)
    path = tmp_path / "a.avi"
    with count_problems():
        film = FilmWriter(path, 10, SIZE)
        path.unlink()
        film.write(frame(0))
        film.close()

    assert "is no longer there, so the film ends here" in capsys.readouterr().err


def test_a_film_that_cannot_be_played_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(writer, "plays", lambda path: False)

    with count_problems() as problems:
        write(tmp_path / "a.avi", 2)

    assert "a.avi: cannot be played: it was not written whole" in capsys.readouterr().err
    assert sum(problems.failed.values()) == 1


def test_a_killed_program_leaves_an_avi_and_an_mkv_that_can_be_read(tmp_path):
    import subprocess
    import sys

    code = (
        "import os, numpy as np\n"
        "from pathlib import Path\n"
        "from pydarknet.video import writer\n"
        "writer.is_installed = lambda: False\n"
        "r = np.random.default_rng(0)\n"
        "films = [writer.FilmWriter(Path(n), 10, (320, 240)) for n in ('a.avi', 'a.mkv')]\n"
        "for i in range(60):\n"
        "    [f.write(r.integers(0, 255, (240, 320, 3), np.uint8)) for f in films]\n"
        "while any(f.frames < 60 for f in films): pass\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)

    for name in ("a.avi", "a.mkv"):
        assert len(indices(tmp_path / name)) > 30


def test_frames_of_a_live_source_are_written_as_often_as_time_has_passed():
    pace = Pace(10)

    assert [pace.due(now) for now in (100.0, 100.1, 100.4, 100.41, 100.5)] == [1, 1, 3, 0, 1]


def test_after_a_pause_at_most_a_second_is_filled():
    pace = Pace(10)
    pace.due(0.0)

    assert pace.due(600.0) == 10
    assert pace.due(600.1) == 1


def test_an_encoder_that_fails_ends_the_film_and_is_told(tmp_path, monkeypatch, capsys):
    class Broken:
        def write(self, frame: np.ndarray) -> None:
            raise DataError("broken")

        def close(self) -> None:
            (tmp_path / "closed").touch()

    monkeypatch.setattr(writer, "encoder_of", lambda *a: Broken())
    with count_problems():
        write(tmp_path / "a.avi", 3)

    assert (tmp_path / "closed").exists()
    assert "broken" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["12:30.avi", "100%d.mp4"])
def test_a_name_is_a_name(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)

    write(Path(name), 3)

    assert indices(tmp_path / name) == [0, 1, 2]


def test_opencv_writes_no_film_whose_name_is_not_utf8(tmp_path):
    with pytest.raises(DataError, match="OpenCV writes no file whose name is not UTF-8"):
        FilmWriter(tmp_path / "caf\udce9.avi", 10, SIZE)


@pytest.mark.parametrize("ending", [".avi", ".mkv"])
def test_a_film_whose_end_did_not_fit_is_a_problem(tmp_path, ending):
    code = (
        "import resource, sys, numpy as np\n"
        "from pathlib import Path\n"
        "from pydarknet.video import writer\n"
        "from pydarknet.system.problems import count_problems\n"
        "writer.is_installed = lambda: False\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)\n"
        "with count_problems() as problems:\n"
        "    film = writer.FilmWriter(Path(sys.argv[1]), 10, (320, 240))\n"
        "    for index in range(100):\n"
        "        film.write(np.roll(noise, index * 7))\n"
        "    film.close()\n"
        "print(sum(problems.failed.values()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, f"a{ending}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "1\n"
    assert "not written whole" in done.stderr


def test_the_system_says_why_a_film_cannot_be_written(tmp_path):
    (tmp_path / "a.avi").mkdir()
    with pytest.raises(DataError, match=r"a\.avi: cannot be written: Is a directory"):
        FilmWriter(tmp_path / "a.avi", 10, SIZE)
    with pytest.raises(DataError, match=r"cannot be written: File name too long"):
        FilmWriter(tmp_path / f"{'a' * 300}.avi", 10, SIZE)
