"""What the programs of YOLOv1 share."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import HERE, recording

from pydarknet.cli.main import main

COCO = HERE / "reference" / "coco"
LINEAGES = {"pj": "pjreddie", "ab": "alexeyab"}


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    """Run a command on a recorded network and image; return stdout with the time masked."""

    def run(family: str, folder: Path, lineage: str) -> str:
        monkeypatch.chdir(tmp_path)
        files = [str(folder / name) for name in ("net.cfg", "net.weights", "input.png")]
        flags = ["-dialect", LINEAGES[lineage], "-batchnorm", "cpu", "-dont_show", "-i", "-1"]
        assert main([family, "test", *files, *flags]) == 0
        out = capsys.readouterr().out.replace(f"{folder}/", "")
        return re.sub(r"Predicted in .+ seconds", "Predicted in <T> seconds", out)

    return run


@pytest.mark.parametrize(
    ("family", "image_name"), [("coco", "prediction.jpg"), ("yolo", "predictions.jpg")]
)
def test_the_image_has_the_name_that_the_program_gives_it(said, tmp_path, family, image_name):
    said(family, recording("infer_pj_yolov1_a") if family == "yolo" else COCO, "pj")

    assert [path.name for path in tmp_path.iterdir()] == [image_name]


# Evaluation: of lists of eight images, which are one


def run(folder: Path, *words: str) -> int:
    """Run a command on a recording's network."""
    return main([*words, str(folder / "net.cfg"), str(folder / "net.weights"), "-batchnorm", "cpu"])


@pytest.mark.parametrize(
    ("family", "place", "name"),
    [
        ("yolo", "data/voc.2007.test", "infer_pj_yolov1_a"),
        ("coco", "data/coco_val_5k.list", "coco"),
    ],
)
def test_recall_counts_boxes_and_truths_in_one_measure(listed, capsys, family, place, name):
    folder = listed(name, place)

    assert run(folder, family, "recall") == 0

    rows = [row for row in capsys.readouterr().err.split("\n") if "RPs/Img" in row]
    assert len(rows) == 8
    assert rows[0].startswith("    0     ")
    assert not any("IOU: 0.00%" in row for row in rows)
