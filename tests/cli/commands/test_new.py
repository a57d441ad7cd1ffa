"""A cfg for a data set of one's own."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pydarknet.cfg.parser import read_cfg
from pydarknet.cli.main import main


@pytest.fixture(autouse=True)
def photos(tmp_path, monkeypatch) -> Path:
    """Work beside a folder of 30 labelled images of two classes."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "photos"
    folder.mkdir()
    sizes = np.random.default_rng(0).uniform(0.1, 0.5, (30, 2))
    for n, (w, h) in enumerate(sizes):
        cv2.imwrite(str(folder / f"{n}.png"), np.zeros((32, 32, 3), np.uint8))
        (folder / f"{n}.txt").write_text(f"{n % 2} .5 .5 {w:.4f} {h:.4f}\n")
    (folder / "classes.txt").write_text("cat\ndog\n")
    return folder


def net(path: str, key: str) -> str | None:
    entry = read_cfg(Path(path))[0].find(key)
    return entry.value if entry else None


def test_of_a_folder_all_is_written_that_a_training_needs(capfd):
    assert main(["new", "photos"]) == 0

    out = capfd.readouterr().out
    assert "photos-yolov4-tiny.cfg: yolov4-tiny for 2 classes, 416 x 416,\n" in out
    assert out.endswith(
        "next:\n"
        "  pydarknet detector check photos.data photos-yolov4-tiny.cfg\n"
        "  pydarknet detector train photos.data photos-yolov4-tiny.cfg [pretrained.conv.N] -map\n"
    )
    assert Path("photos.names").read_text() == "cat\ndog\n"
    assert net("photos-yolov4-tiny.cfg", "max_batches") == "6000"
    assert main(["ops", "photos-yolov4-tiny.cfg"]) == 0


@pytest.mark.parametrize("words", [["-size", "320", "256"], ["-size", "320x256"]])
def test_a_size_has_two_sides(words):
    assert main(["new", "photos", *words, "-like", "yolov3-tiny", "-out", "mine.cfg"]) == 0

    assert (net("mine.cfg", "width"), net("mine.cfg", "height")) == ("320", "256")


def test_how_long_to_train_may_be_said(capfd):
    words = ["-batch", "6", "-max_batches", "300", "-size", "64", "-out", "short.cfg"]
    assert main(["new", "photos", *words]) == 0

    assert "  300 batches of 6, subdivisions=1, " in capfd.readouterr().out
    assert (net("short.cfg", "batch"), net("short.cfg", "max_batches")) == ("6", "300")


def test_of_a_data_file_only_the_cfg_is_written(capfd):
    main(["new", "photos"])
    before = sorted(Path().iterdir())

    assert main(["new", "photos.data", "-like", "yolov2-tiny", "-out", "two.cfg"]) == 0

    assert sorted(Path().iterdir()) == sorted([*before, Path("two.cfg")])


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["none"], "none: no such file or folder: expected a .data file, or a folder"),
        (["x.json"], "scripts/coco_label.py"),
        (["photos", "-like", "yolo99"], "-like yolo99: no such cfg"),
        (["photos", "-like", "darknet19"], "has no head with classes and anchors"),
        (["photos", "-size", "100"], "-size 100: expected one or two multiples of 32"),
        (["photos", "-out", "photos/classes.txt"], "is there already"),
    ],
)
def test_what_cannot_be_is_one_line_and_leaves_nothing(words, problem, capfd):
    before = sorted(Path().rglob("*"))

    assert main(["new", *words]) == 1

    assert problem in capfd.readouterr().err
    left = set(Path().rglob("*")) - set(before)
    assert not [path for path in left if path.suffix == ".cfg"]


def test_nothing_is_written_over(capfd):
    main(["new", "photos"])
    assert main(["new", "photos"]) == 1

    assert "is there already: expected a new file" in capfd.readouterr().err
