"""The programs of YOLOv1, whose class names are fixed: yolo test, coco test."""

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
    """Run a command on a recorded network and picture; return stdout with the time masked."""

    def run(family: str, folder: Path, lineage: str) -> str:
        monkeypatch.chdir(tmp_path)
        files = [str(folder / name) for name in ("net.cfg", "net.weights", "input.png")]
        flags = ["-dialect", LINEAGES[lineage], "-batchnorm", "cpu", "-dont_show", "-i", "-1"]
        assert main([family, "test", *files, *flags]) == 0
        out = capsys.readouterr().out.replace(f"{folder}/", "")
        return re.sub(r"Predicted in .+ seconds", "Predicted in <T> seconds", out)

    return run


@pytest.mark.parametrize("lineage", ["pj", "ab"])
def test_coco_prints_the_c_programs_lines(said, lineage):
    assert said("coco", COCO, lineage) == (COCO / f"{lineage}.txt").read_text()


@pytest.mark.parametrize("name", ["pj_yolov1_a", "pj_yolov1_b", "ab_yolov1_a", "ab_yolov1_b"])
def test_yolo_prints_the_c_programs_lines(said, name):
    folder = recording(f"infer_{name}")

    out = said("yolo", folder, name[:2])

    told = (folder / "cli_yolo_stdout.txt").read_text()
    assert out == told.removeprefix(" GPU isn't used \n")


@pytest.mark.parametrize(
    ("family", "picture"), [("coco", "prediction.jpg"), ("yolo", "predictions.jpg")]
)
def test_the_picture_has_the_name_that_the_program_gives_it(said, tmp_path, family, picture):
    said(family, recording("infer_pj_yolov1_a") if family == "yolo" else COCO, "pj")

    assert [path.name for path in tmp_path.iterdir()] == [picture]
