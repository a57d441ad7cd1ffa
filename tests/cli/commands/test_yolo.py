"""The programs of YOLOv1, whose lists and class names are fixed: yolo and coco."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import HERE, recording
from films import write_film

from pydarknet.cli.main import main
from pydarknet.system.resources import shipped_file

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


@pytest.mark.parametrize("name", ["pj_yolov1_a", "pj_yolov1_b", "ab_yolov1_a", "ab_yolov1_b"])
def test_yolo_prints_the_c_programs_lines(said, name):
    folder = recording(f"infer_{name}")

    out = said("yolo", folder, name[:2])

    told = (folder / "cli_yolo_stdout.txt").read_text()
    assert out == told.removeprefix(" GPU isn't used \n")


# Evaluation: of lists of eight images, which are one


def run(folder: Path, *words: str) -> int:
    """Run a command on a recording's network."""
    return main([*words, str(folder / "net.cfg"), str(folder / "net.weights"), "-batchnorm", "cpu"])


def test_yolo_valid_writes_the_c_programs_files(listed, capsys):
    folder = listed("infer_pj_yolov1_a", "data/voc/2007_test.txt")

    assert run(folder, "yolo", "valid") == 0

    files = sorted(path.name for path in Path("results").iterdir())
    assert len(files) == 20
    recorded = (HERE / "reference/yolov1/comp4_det_test_bird.txt").read_text().splitlines() * 8
    rows = Path("results/comp4_det_test_bird.txt").read_text().splitlines()
    assert len(rows) == len(recorded)
    numbers = [[float(word) for word in row.split()[1:]] for row in (*rows, *recorded)]
    np.testing.assert_allclose(numbers[: len(rows)], numbers[len(rows) :], atol=1e-4)
    err = capsys.readouterr().err
    assert re.search(r"Decay: 0.0005\n8\nTotal Detection Time: \d+\.\d+ Seconds\n$", err)


def test_yolo_train_reads_the_list_of_voc(tmp_path, monkeypatch, capsys):
    folder = recording("infer_pj_yolov1_a")
    shutil.copy(folder / "input.png", tmp_path / "input.png")
    (tmp_path / "input.txt").write_text("3 .5 .5 .4 .4\n")
    (tmp_path / "data/voc").mkdir(parents=True)
    (tmp_path / "data/voc/train.txt").write_text("input.png\n")
    text = (folder / "net.cfg").read_text()
    text = re.sub(r"(?m)^batch=.*$", "batch=2", text)
    (tmp_path / "small.cfg").write_text(text.replace("[net]", "[net]\nmax_batches=2", 1))
    monkeypatch.chdir(tmp_path)
    flags = ["-dialect", "pjreddie", "-seed", "1", "-workers", "0"]

    assert main(["yolo", "train", "small.cfg", *flags]) == 0

    out, err = capsys.readouterr()
    assert "2: " in out + err
    assert Path("backup/small_final.weights").is_file()


# Demo


def network(folder: Path) -> list[str]:
    """Return the operands of a recording's network."""
    return [str(folder / "net.cfg"), str(folder / "net.weights")]


def demo(folder: Path, family: str, *words: str) -> int:
    """Run a demo of a recording's network."""
    return main([family, "demo", *network(folder), *words])


@pytest.mark.parametrize(("lineage", "clear"), [("pj", "\033[2J\033[1;1H"), ("ab", "\033[H\033[J")])
def test_yolo_demo_lists_the_classes_of_each_frame_above_a_fifth(
    tmp_path, monkeypatch, capsys, lineage, clear
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    write_film(Path("film.avi"), frames=3)
    folder = recording(f"infer_{lineage}_yolov1_a")

    assert demo(folder, "yolo", "film.avi", "-dialect", LINEAGES[lineage]) == 0

    frames = capsys.readouterr().out.split(clear)[1:]
    assert len(frames) == 3
    names = shipped_file("data/voc.names").read_text().split()
    for frame in frames:
        shown = re.findall(r"(\w+): (\d+)%", frame)
        assert shown
        assert all(name in names and int(score) >= 20 for name, score in shown)
