"""The command coco."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from conftest import HERE
from films import write_film

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


@pytest.mark.parametrize("lineage", ["pj", "ab"])
def test_coco_prints_the_c_programs_lines(said, lineage):
    assert said("coco", COCO, lineage) == (COCO / f"{lineage}.txt").read_text()


# Evaluation: of lists of eight images, which are one


def run(folder: Path, *words: str) -> int:
    """Run a command on a recording's network."""
    return main([*words, str(folder / "net.cfg"), str(folder / "net.weights"), "-batchnorm", "cpu"])


def test_coco_valid_writes_the_c_programs_objects(listed):
    folder = listed("coco", "data/coco_val_5k.list")

    assert run(folder, "coco", "valid") == 0

    text = (HERE / "reference/yolov1/coco_results.txt").read_text()
    recorded = json.loads(f"[{text.rstrip().rstrip(',')}]")
    assert len(recorded) == 40
    found = json.loads(Path("results/coco_results.json").read_text())[: len(recorded)]
    for one, other in zip(found, recorded, strict=True):
        assert one.keys() == other.keys()
        assert one["category_id"] == other["category_id"]
        np.testing.assert_allclose(
            [*one["bbox"], one["score"]], [*other["bbox"], other["score"]], atol=1e-4
        )


# Demo


def test_coco_demo_uses_the_names_of_the_c(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    write_film(Path("film.avi"), frames=2)
    network = [str(COCO / "net.cfg"), str(COCO / "net.weights")]

    assert main(["coco", "demo", *network, "film.avi", "-thresh", "0.01", "-dont_show"]) == 0

    names = set(re.findall(r"([a-z ]+): \d+%", capsys.readouterr().out))
    assert names
    assert not names & {"motorbike", "aeroplane", "pottedplant"}
