"""The command that dreams: its images and its mistakes."""

from __future__ import annotations

import cv2
import pytest
from conftest import HERE

from pydarknet.cli.main import main

NIGHT = HERE / "reference" / "nightmare"


FILES = [str(NIGHT / name) for name in ("dream.cfg", "dream.weights", "input.png")]


def test_the_command_writes_a_picture_a_round(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    flags = ["-rounds", "2", "-iters", "3", "-octaves", "2", "-range", "2"]

    assert main(["nightmare", *FILES, "2", *flags, "-zoom", ".9", "-rotate", ".1", "-nogpu"]) == 0

    told = capsys.readouterr()
    assert told.out == "0 input_dream_2_000000\n1 input_dream_2_000001\n"
    assert told.err.endswith("Iteration: 0, 1, 2, done\nIteration: 0, 1, 2, done\n")
    written = {path.name: cv2.imread(str(path)).shape for path in tmp_path.iterdir()}
    assert written == {
        "input_dream_2_000000.jpg": (40, 56, 3),
        "input_dream_2_000001.jpg": (40, 56, 3),
    }


def test_pictures_go_into_the_folder_of_prefix(tmp_path):
    assert main(["nightmare", *FILES, "1", "-iters", "1", "-prefix", str(tmp_path)]) == 0

    assert [path.name for path in tmp_path.iterdir()] == ["input_dream_1_000000.jpg"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["5"], "nightmare: layers 5 to 5: expected 0 to 4\n"),
        (["0", "-range", "3"], "nightmare: layers -1 to 1: expected 0 to 4\n"),
        (["4", "-range", "3"], "nightmare: layers 3 to 5: expected 0 to 4\n"),
        (["2", "-zoom", "0"], "-zoom 0: expected more than 0\n"),
        (["2", "-zoom", "1.5"], "-zoom 1.5: expected at most 1\n"),
        (["2", "-octaves", "0"], "-octaves 0: expected at least 1\n"),
    ],
)
def test_what_cannot_be_is_told(capsys, words, told):
    assert main(["nightmare", *FILES, *words]) == 1

    assert capsys.readouterr().err.endswith(told)
