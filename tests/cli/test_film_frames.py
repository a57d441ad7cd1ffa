"""A film among the images of a command is its frames."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from films import index_of, write_film

from pydarknet.cli.film_frames import frames_of
from pydarknet.cli.image_source import Source
from pydarknet.cli.main import main
from pydarknet.system.problems import count_problems

TEST = ["detector", "test", "digits.data", "digits.cfg", "digits.weights"]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)


def test_every_frame_has_a_name_of_its_own():
    Path("a").mkdir()
    write_film(Path("a/b.avi"), frames=12)

    named = {name: index_of(task.result()) for name, task in frames_of("a/b.avi")}

    assert named == {f"a/b_{n + 1:08d}.jpg": n for n in range(12)}


def test_a_film_stands_among_images(write_png):
    write_png("before.png")
    write_png("after.png")
    write_film(Path("film.avi"), frames=3)

    paths = [path for path, _ in Source(("before.png", "film.avi", "after.png")).tasks()]

    frames = [f"film_0000000{n}.jpg" for n in (1, 2, 3)]
    assert paths == ["before.png", *frames, "after.png"]


@pytest.fixture
def write_png():
    import cv2
    import numpy as np

    return lambda name: cv2.imwrite(name, np.zeros((8, 8, 3), np.uint8))


def test_a_film_that_cannot_be_read_is_one_problem_and_the_rest_goes_on(write_png, capsys):
    write_png("after.png")
    Path("bad.avi").write_bytes(b"no film")

    with count_problems() as problems:
        paths = [path for path, _ in Source(("bad.avi", "none.mp4", "after.png")).tasks()]

    assert paths == ["after.png"]
    assert sum(problems.failed.values()) == 2
    told = capsys.readouterr().err
    assert "bad.avi: cannot be opened: expected a video" in told
    assert "none.mp4: No such file or directory: expected a video" in told


def test_detector_test_takes_a_film_and_writes_json_labels_and_pictures_of_its_frames(capfd):
    write_film(Path("film.avi"), frames=5)

    assert main([*TEST, "film.avi", "-out", "x.json", "-save_labels", "-out_dir", "drawn"]) == 0

    names = [f"film_{n:08d}" for n in range(1, 6)]
    told = json.loads(Path("x.json").read_text())
    assert [one["filename"] for one in told] == [f"{name}.jpg" for name in names]
    assert [one["frame_id"] for one in told] == [1, 2, 3, 4, 5]
    assert sorted(path.stem for path in Path("drawn").iterdir()) == names
    assert sorted(path.stem for path in Path().glob("*.txt")) == names
    out = capfd.readouterr().out
    assert [f"{name}.jpg: Predicted in" in out for name in names] == [True] * 5


def test_a_film_alone_that_is_missing_is_status_1(capfd):
    assert main([*TEST, "none.mp4"]) == 1

    assert capfd.readouterr().err.endswith(
        "none.mp4: No such file or directory: expected a video\n"
    )
