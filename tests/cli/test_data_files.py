"""What commands read beside a network."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import recording

from pydarknet.cli.data_files import class_map, write_text
from pydarknet.cli.main import main
from pydarknet.errors import DataError


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


def test_an_empty_list_is_told(folder, capfd):
    (folder / "valid.txt").write_text("")

    assert detector("map") == 0

    out, err = capfd.readouterr()
    assert "valid.txt is empty: it lists no image\n" in err
    assert "detections_count = 0, unique_truth_count = 0" in out


def test_a_map_has_a_class_a_line_after_any_space(tmp_path):
    (tmp_path / "map").write_text("4\n\n 2 x\n\n")

    assert class_map(SimpleNamespace(find_file=lambda name: tmp_path / name)) == (4, 0, 2, 0)


def test_a_text_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(DataError, match="cannot be written: No such file"):
        write_text(tmp_path / "none" / "a.txt", "text")


@pytest.mark.parametrize("verb", ["map", "valid", "recall", "test", "train"])
@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("ten", "eval.data:1: classes = ten: expected an integer; the network has 3"),
        ("5", "eval.data:1: classes = 5: the network has 3, and those count"),
        ("3", ""),
    ],
)
def test_classes_that_the_network_has_not_are_noted(folder, capfd, verb, word, told):
    lines = (folder / "eval.data").read_text().splitlines()
    lines = [f"classes = {word}", *(line for line in lines if "classes" not in line)]
    (folder / "eval.data").write_text("\n".join([*lines, "train = valid.txt", ""]))
    words = {"test": [(folder / "valid.txt").read_text().split()[0], "-no_draw"]}
    words["train"] = ["-max_batches", "1", "-clear"]

    detector(verb, *words.get(verb, []))

    notes = [line for line in capfd.readouterr().err.split("\n") if "classes = " in line]
    assert notes == [told] * bool(told)
