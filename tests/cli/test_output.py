"""What a detector's commands write: beside the image, and where -out says."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import pytest
from conftest import HERE, recording

from pydarknet.cli import output
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


def never(*given: object) -> None:
    """Stand for what must not be called."""
    raise AssertionError("an image is drawn or encoded")


def test_with_no_draw_nothing_is_drawn_and_the_rest_is_as_ever(monkeypatch, capfd):
    flags = ["-thresh", "0.25", "-batchnorm", "cpu", "-out", "x.json", "-save_labels"]
    assert main([*TEST, "input.png", *flags]) == 0
    drawn, json, labels = capfd.readouterr(), *map(read_and_remove, ("x.json", "input.txt"))
    read_and_remove("predictions.jpg")
    monkeypatch.setattr("pydarknet.cli.output.draw", never)
    monkeypatch.setattr("pydarknet.cli.output.encode", never)
    monkeypatch.setattr("pydarknet.cli.output.show", never)

    assert main([*TEST, "input.png", *flags, "-no_draw"]) == 0

    assert boxes(capfd.readouterr().out) == boxes(drawn.out) == RECORDED
    assert (read_and_remove("x.json"), read_and_remove("input.txt")) == (json, labels)
    assert not Path("predictions.jpg").exists()


def read_and_remove(path: str) -> bytes:
    """Return the content of a file, which is removed."""
    content = Path(path).read_bytes()
    Path(path).unlink()
    return content


@pytest.mark.parametrize(
    ("flag", "value", "expected"),
    [("-out", "mine", "-out NAME.json, not -out mine"), ("-out_dir", "d", "no -out_dir d")],
)
def test_what_says_where_to_draw_is_an_error_beside_no_draw(capfd, flag, value, expected):
    assert main([*TEST, "input.png", "-no_draw", flag, value]) == 1

    assert capfd.readouterr().err.endswith(f"\n-no_draw draws nothing: expected {expected}\n")
    assert not Path(value).exists()


@pytest.mark.usefixtures("several")
def test_the_line_that_ends_a_list_says_that_nothing_is_drawn(monkeypatch, capfd):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)

    assert main([*TEST, "many", "-no_draw", "-out", "x.json"]) == 0

    assert "; nothing is drawn, JSON in x.json" in capfd.readouterr().err


@pytest.fixture
def looks(monkeypatch):
    """Record with which colours and font each image is drawn."""
    asked = []
    draw = output.draw

    def record(*given: object, **look: object) -> object:
        asked.append(look)
        return draw(*given, **look)

    monkeypatch.setattr(output, "draw", record)
    return asked


def test_the_colours_are_the_distinct_ones_unless_a_flag_says_darknet(looks):
    assert main([*TEST, "input.png", "-thresh", "0.25", "-out", "distinct"]) == 0
    assert main([*TEST, "input.png", "-thresh", "0.25", "-out", "old", "-colors", "darknet"]) == 0

    assert [look["colors"] for look in looks] == [None, "darknet"]
    assert (cv2.imread("distinct.jpg") != cv2.imread("old.jpg")).any()


def test_yolo_test_has_the_same_flags(looks):
    case = recording("infer_pj_yolov1_a")
    files = [str(case / name) for name in ("net.cfg", "net.weights", "input.png")]

    assert main(["yolo", "test", *files, "-colors", "darknet"]) == 0

    assert looks == [{"colors": "darknet", "font": None}]


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ("-colors blue", "-colors blue: expected distinct or darknet"),
        ("-font none.ttf", "none.ttf: no such font file"),
        ("-font net.cfg", "net.cfg: cannot be read as a font"),
    ],
)
def test_colours_and_fonts_that_are_none_are_told_before_the_first_image(capfd, flags, told):
    assert main([*TEST, "input.png", *flags.split()]) == 1

    said = capfd.readouterr()
    assert told in said.err.splitlines()[-1]
    assert boxes(said.out) == []
