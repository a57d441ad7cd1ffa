"""What a detector's commands write: beside the image, and where -out says."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import pytest
from conftest import HERE

from pydarknet.cli.main import main

CASE = HERE / "reference" / "infer_pj_yolov3_a"


pytestmark = pytest.mark.usefixtures("folder")
TEST = ["detector", "test", "net.data", "net.cfg", "net.weights"]


def boxes(text: str) -> list[str]:
    """Return the lines of boxes of a text."""
    return [line for line in text.splitlines() if re.fullmatch(r"\S+: \d+%.*", line)]


RECORDED = boxes((CASE / "cli_stdout.txt").read_text())


def test_the_picture_is_drawn_without_a_display():
    assert main([*TEST, "input.png", "-thresh", "0.25"]) == 0

    assert cv2.imread("predictions.jpg").shape == cv2.imread("input.png").shape


def test_out_names_the_picture():
    main([*TEST, "input.png", "-out", "mine"])

    assert Path("mine.jpg").exists()
    assert not Path("predictions.jpg").exists()


def test_labels_are_written_beside_the_image():
    main([*TEST, "input.png", "-thresh", "0.25", "-save_labels", "-batchnorm", "cpu"])

    rows = [line.split() for line in Path("input.txt").read_text().splitlines()]
    assert all(re.fullmatch(r"\d+( -?\d+\.\d{4}){4}", " ".join(row)) for row in rows)
    assert len(rows) > 0


def test_fewer_names_than_classes_are_told_and_numbers_stand_for_the_others(capfd):
    Path("net.names").write_text("first\n")

    status = main([*TEST, "input.png", "-thresh", "0.25", "-batchnorm", "cpu"])

    told = capfd.readouterr()
    assert status == 0
    assert "number of names 1 that isn't equal to classes=" in told.err
    assert len(boxes(told.out.replace("class ", "class"))) == len(RECORDED)
