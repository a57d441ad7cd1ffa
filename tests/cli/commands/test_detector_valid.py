"""The command that writes result files: its text, their names and their formats."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from conftest import recording
from texts import lines

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


def after(text: str, word: str) -> list[str]:
    """Return the lines of a text behind the first that begins with a word."""
    rows = text.replace("\r", "\n").split("\n")
    start = next(i for i, row in enumerate(rows) if row.startswith(word))
    return rows[start:]


def test_valid_prints_the_recorded_text(folder, capfd):
    assert detector("valid") == 0

    out, err = capfd.readouterr()
    recorded = (recording("train_eval_ab_greedynms") / "valid_stderr.txt").read_text()
    told = re.sub(r"Time: \d+", "Time: 0", err).split("\n")
    told = [re.sub(r"^(eval: Using default 'voc').*", r"\1", row) for row in told]
    wanted = after(recorded, "Learning Rate")
    tail = wanted.index("Total Detection Time: 0.000000 Seconds")
    assert [row for row in wanted[: tail + 1] if row not in told] == []
    assert [row for row in told if row.isdigit()] == ["4", "8", "12"]
    assert " Detection layer: 4 - type = 28 " in lines(out)


@pytest.mark.parametrize(
    ("data", "files"),
    [
        ("eval_voc.data", [f"comp4_det_test_{n}.txt" for n in ("alpha", "beta", "gamma")]),
        ("eval_coco.data", ["coco_results.json"]),
        ("eval_imagenet.data", ["imagenet-detection.txt"]),
    ],
)
def test_a_data_file_chooses_the_files_of_valid(tmp_path, monkeypatch, capfd, data, files):
    folder = copied("train_eval_pj", tmp_path, monkeypatch)

    assert detector("valid", data=data) == 0

    assert sorted(path.name for path in (folder / "results").iterdir()) == files
    assert all((folder / "results" / name).stat().st_size > 1000 for name in files)
    err = capfd.readouterr().err
    assert [row for row in err.split("\n") if row.isdigit()] == ["4", "8", "12"]
    assert re.search(r"\nTotal Detection Time: \d+\.\d{6} Seconds\n$", err)


@pytest.mark.parametrize(("verb", "begun"), [("valid", "mine_"), ("valid2", "flip_")])
def test_results_begin_as_out_says(tmp_path, monkeypatch, capfd, verb, begun):
    folder = copied("train_eval_pj", tmp_path, monkeypatch)

    assert detector(verb, "-out", begun, data="eval_voc.data") == 0

    assert (folder / "results" / f"{begun}beta.txt").stat().st_size > 1000


def test_an_unknown_format_is_told_and_taken_for_vocs(folder, capfd):
    (folder / "eval.data").write_text((folder / "eval.data").read_text() + "eval=vox\n")

    assert detector("valid") == 0

    told = "eval=vox: expected one of voc, coco, imagenet, bdd, kitti; voc is used\n"
    assert told in capfd.readouterr().err
