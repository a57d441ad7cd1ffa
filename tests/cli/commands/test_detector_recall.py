"""The command detector recall."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import recording
from exports import both

from pydarknet.cli.main import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in a copy of the fork's recorded evaluation."""
    return copied("train_eval_ab_greedynms", tmp_path, monkeypatch)


def copied(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a copy of a recording, without its results."""
    leave = shutil.ignore_patterns("results", "map_*", "recall.txt", "valid_stderr.txt")
    shutil.copytree(recording(name), tmp_path / "run", ignore=leave)
    monkeypatch.chdir(tmp_path / "run")
    monkeypatch.setenv("PYDARKNET_DIALECT", "alexeyab" if "_ab_" in name else "pjreddie")
    return tmp_path / "run"


def detector(verb: str, *flags: str, data: str = "eval.data") -> int:
    """Run a verb of `detector` on the recorded network."""
    return main(["detector", verb, data, "net.cfg", "net.weights", *flags])


# recall


def test_recall_prints_the_recorded_lines_on_stderr(folder, capfd):
    assert detector("recall") == 0

    out, err = capfd.readouterr()
    recorded = (recording("train_eval_ab_greedynms") / "recall.txt").read_text()
    wanted = [row for row in recorded.split("\n") if "RPs/Img" in row]
    assert len(wanted) == 11
    assert [row for row in err.split("\n") if "RPs/Img" in row] == wanted
    assert "RPs/Img" not in out


def test_the_originals_recall_has_a_list_of_its_own(tmp_path, monkeypatch, capfd):
    folder = copied("train_eval_pj", tmp_path, monkeypatch)
    (folder / "data").mkdir()
    (folder / "data/coco_val_5k.list").write_text("imgs/im02.png\n")

    assert detector("recall") == 0

    err = capfd.readouterr().err
    assert "images are those of data/coco_val_5k.list, whatever eval.data says\n" in err
    assert err.count("RPs/Img") == 1
    assert "Learning Rate: 0.001, Momentum: 0.9, Decay: 0.0005\n" in err


@pytest.mark.parametrize(
    ("layout", "told"),
    [("rows", ""), ("merged", "the layout merged has no objectness: the best score counts\n")],
)
def test_recall_counts_objectness_where_an_exported_file_has_it(folder, capfd, layout, told):
    pytest.importorskip("onnxruntime")
    both(recording("train_eval_ab_greedynms"), folder / "net.onnx", layout)

    assert main(["detector", "recall", "eval.data", "net.onnx"]) == 0

    err = capfd.readouterr().err
    recorded = (recording("train_eval_ab_greedynms") / "recall.txt").read_text()
    same = [line for line in recorded.split("\n") if "Recall:" in line][-1] in err
    assert same == (not told)
    assert ("no objectness" in err) == bool(told)
    assert told in err
