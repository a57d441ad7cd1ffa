"""The command that looks at a data set before it is trained on."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import SHARED, needs_shared

from pydarknet.cli.main import main

CHECK = ["detector", "check", "my.data"]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    """Work beside two images, each with a box."""
    monkeypatch.chdir(tmp_path)
    for k, name in enumerate("ab"):
        cv2.imwrite(f"{name}.png", np.full((20, 30, 3), 50 * k, np.uint8))
        Path(f"{name}.txt").write_text("0 .5 .5 .2 .2\n")
    Path("train.txt").write_text("a.png\n")
    Path("valid.txt").write_text("b.png\n")
    Path("my.names").write_text("cat\n")
    Path("my.data").write_text("classes=1\ntrain=train.txt\nvalid=valid.txt\nnames=my.names\n")


def test_a_data_set_that_can_be_trained_on_ends_with_0(capsys):
    assert main(CHECK) == 0

    told = capsys.readouterr()
    assert told.out.startswith("train: train.txt: 1 image, 30x20, 0 without a box, ")
    assert told.out.endswith("\nnothing would make training go wrong; 1 thing to look at\n")


def test_one_that_cannot_ends_with_1(capsys):
    Path("a.txt").write_text("1 .5 .5 .2 .2\n")

    assert main(CHECK) == 1

    assert "\ntraining would go wrong: labels, classes\n" in capsys.readouterr().out


def test_of_a_cfg_that_is_none_the_data_are_told_too(capsys):
    Path("my.cfg").write_text("[net]\nwidth=0\n[yolo]\n")

    assert main([*CHECK, "my.cfg"]) == 1

    told = capsys.readouterr().out
    assert "boxes: 2: cat 2" in told
    assert "wrong cfg       [net] has no input: expected width, height and channels" in told


def test_json_and_pictures_are_written(capsys):
    pytest.importorskip("matplotlib")

    assert main([*CHECK, "-json", "out.json", "-plot", "drawn"]) == 0

    assert json.loads(Path("out.json").read_text())["boxes"] == 2
    assert sorted(file.name for file in Path("drawn").iterdir()) == [
        "classes.png",
        "samples.jpg",
        "sizes.png",
    ]


def test_without_matplotlib_plot_is_refused_before_the_work(capsys, monkeypatch):
    monkeypatch.delitem(sys.modules, "matplotlib", raising=False)
    monkeypatch.setattr("pydarknet.charts.library.find_spec", lambda name: None)

    assert main([*CHECK, "-plot", "drawn"]) == 1

    assert capsys.readouterr().out == ""


def test_a_label_is_not_written_over(capsys):
    assert main([*CHECK, "-json", "my.data"]) == 1

    assert Path("my.data").read_text().startswith("classes=1\n")


def test_files_named_check_are_read_as_what_they_are(capsys):
    Path("my.data").rename("check")

    assert main(["detector", "check", "check"]) == 0


@needs_shared
@pytest.mark.parametrize(("classes", "status"), [(2, 0), (3, 1)])
def test_public_data_are_judged(tmp_path, monkeypatch, capsys, classes, status):
    monkeypatch.chdir(SHARED)
    text = (SHARED / "datasets/yolo_mark/obj.data").read_text().replace("../shared/", "")
    (tmp_path / "my.data").write_text(text.replace("classes=2", f"classes={classes}"))
    images = (SHARED / "datasets/yolo_mark/train.txt").read_text().replace("../shared/", "")
    (tmp_path / "train.txt").write_text(images)
    data = (tmp_path / "my.data").read_text()
    data = data.replace("datasets/yolo_mark/train.txt", str(tmp_path / "train.txt"))
    (tmp_path / "my.data").write_text(data)

    assert main(["detector", "check", str(tmp_path / "my.data")]) == status

    assert "boxes: 35: air 28, bird 7" in capsys.readouterr().out


def test_classes_that_are_no_number_are_a_finding(capsys):
    text = Path("my.data").read_text().replace("classes=1", "classes=ten")
    Path("my.data").write_text(text)

    assert main(CHECK) == 1

    assert "classes = ten in my.data: expected a number" in capsys.readouterr().out
