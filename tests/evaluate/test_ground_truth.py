"""Label files as an evaluation reads them: as they stand."""

from __future__ import annotations

import time

import numpy as np
import pytest

from pydarknet.errors import DarknetError
from pydarknet.evaluate.ground_truth import ground_truth_of, read_ground_truth
from pydarknet.system.problems import count_problems


def test_each_line_is_a_class_and_a_box(tmp_path):
    (tmp_path / "a.txt").write_text("3 0.5 0.25 0.125 1\n0 .5 .5 1e-1 2\n")

    truths = read_ground_truth(tmp_path / "a.txt")

    assert truths.classes.tolist() == [3, 0]
    np.testing.assert_array_equal(
        truths.boxes, np.float32([[0.5, 0.25, 0.125, 1], [0.5, 0.5, 0.1, 2]])
    )


def test_what_training_would_leave_out_counts(tmp_path):
    (tmp_path / "a.txt").write_text("-1 0 0 0 0\n900 2 2 1 1\n")

    assert read_ground_truth(tmp_path / "a.txt").classes.tolist() == [-1, 900]


def test_lines_mean_nothing_to_the_reader(tmp_path):
    (tmp_path / "a.txt").write_text("\ufeff1 .1 .2\n.3 .4 2\r\n.1 .2 .3 .4", encoding="utf-8")

    assert read_ground_truth(tmp_path / "a.txt").classes.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("text", "read", "told"),
    [
        ("0 .5 .5 .1 .1\n1 .5 .5 .1\n", [0], "a.txt:2: 1 .5 .5 .1: expected"),
        ("0 .5 .5 .1 .1\n\n1.5 .5 .5 .1 .1\n", [0, 1], "a.txt:3: .1: expected"),
        ("dog .5 .5 .1 .1\n0 .5 .5 .1 .1", [], "a.txt:1: dog .5 .5 .1 .1: expected"),
    ],
)
def test_reading_stops_at_what_is_no_box_and_says_where(tmp_path, capsys, text, read, told):
    (tmp_path / "a.txt").write_text(text)

    assert read_ground_truth(tmp_path / "a.txt").classes.tolist() == read
    assert told in capsys.readouterr().err


BOX = "0 0.5 0.5 0.25 0.25\n"
IN_A_ROW = "expected class x y width height; its numbers are read in a row"


@pytest.mark.parametrize(
    ("line", "classes", "second"),  # as the fork counts them
    [
        ("0 0.5 0.5 0.25 0.25 0.75", [0, 0, 0], [0.75, 0, 0.5, 0.5]),
        ("0 0.5 0.5 0.25 0.25 1", [0, 1, 0], [0, 0.5, 0.5, 0.25]),
        ("0 0.5 0.5 0.25", [0, 0, 0], [0.5, 0.5, 0.25, 0.25]),
        ("0.5 0.5 0.5 0.25 0.25", [0, 0, 0], [0.25, 0, 0.5, 0.5]),
        ("2.0 0.5 0.5 0.25 0.25 2.0", [2, 0, 0, 0], [0.25, 2, 0, 0.5]),
        ("0 0x1p-2 0.5 0.25 0.25", [0, 0, 0], [0.5, 0.5, 0.25, 0.25]),
        ("0 0.5 0.5e 0.25 0.25", [0, 0, 0], [0.5, 0.5, 0.25, 0.25]),
        ("4294967297 0.5 0.5 0.25 0.25", [1, 0, 0], [0.5, 0.5, 0.25, 0.25]),
    ],
)
def test_an_odd_line_is_told_and_its_numbers_are_read_in_a_row(
    tmp_path, capsys, line, classes, second
):
    (tmp_path / "a.txt").write_text(f"{line}\n{BOX}{BOX}")

    truths = read_ground_truth(tmp_path / "a.txt")

    assert truths.classes.tolist() == classes
    assert truths.boxes[1].tolist() == second
    assert f"a.txt:1: {line}: {IN_A_ROW}\n" in capsys.readouterr().err


@pytest.mark.filterwarnings("error")
def test_a_number_beyond_float32_is_infinite(tmp_path):
    (tmp_path / "a.txt").write_text("0 .5 .5 1e39 1e999")

    assert read_ground_truth(tmp_path / "a.txt").boxes[0].tolist() == [0.5, 0.5, np.inf, np.inf]


def test_an_empty_label_file_has_no_truths_and_needs_no_words(tmp_path, capsys):
    (tmp_path / "a.txt").write_text(" \n")

    assert len(read_ground_truth(tmp_path / "a.txt")) == 0
    assert capsys.readouterr() == ("", "")


def test_a_label_file_that_is_a_folder_is_told_as_such(tmp_path, capsys):
    (tmp_path / "a.txt").mkdir()

    truths = ground_truth_of(str(tmp_path / "a.jpg"), "alexeyab")

    assert len(truths) == 0
    assert capsys.readouterr() == (
        "",
        f"Couldn't open file: {tmp_path}/a.txt (Is a directory): expected labels\n",
    )


def test_a_missing_label_file_is_told_listed_and_empty(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    truths = ground_truth_of("x/a.jpg", "alexeyab")

    assert len(truths) == 0
    assert capsys.readouterr().out == (
        "Can't open label file. (This can be normal only if you use MSCOCO): x/a.txt \n"
    )
    assert (tmp_path / "bad.list").read_text() == "x/a.txt\n"


@pytest.mark.parametrize("lineage", ["pjreddie", "alexeyab"])
def test_labels_are_found_by_either_rule(tmp_path, lineage):
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text("7 .5 .5 .1 .1")
    (tmp_path / "images" / "b.txt").write_text("8 .5 .5 .1 .1")

    found = [
        ground_truth_of(str(tmp_path / "images" / name), lineage) for name in ("a.jpg", "b.jpg")
    ]

    assert [truths.classes.tolist() for truths in found] == [[7], [8]]


def test_labels_of_an_unknown_kind_of_image_lie_beside_it(tmp_path):
    (tmp_path / "a.txt").write_text("7 .5 .5 .1 .1")

    assert ground_truth_of(str(tmp_path / "a.webp"), "alexeyab").classes.tolist() == [7]


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\0\1")

    with pytest.raises(DarknetError, match="is not a text file"):
        read_ground_truth(tmp_path / "a.txt")


def test_a_class_with_a_point_is_the_whole_number(tmp_path):
    (tmp_path / "a.txt").write_text("1.0 .5 .5 .1 .1\n2. .5 .5 .1 .1\n")

    assert read_ground_truth(tmp_path / "a.txt").classes.tolist() == [1, 2]


@pytest.mark.parametrize("corners", [3, 4, 7, 12])  # seven have the words of three boxes
def test_a_polygon_is_left_out_and_told_or_is_its_bounds(tmp_path, capsys, corners):
    polygon = "1 .1 .1 .9 .1" + " .5 .5" * (corners - 2)
    (tmp_path / "a.txt").write_text(f"0 .5 .5 .1 .1\n{polygon}\n2 .5 .5 .1 .1\n")

    assert read_ground_truth(tmp_path / "a.txt").classes.tolist() == [0, 2]
    assert "a.txt:2: left out: a polygon; polygons=1 in the" in capsys.readouterr().err

    bounds = read_ground_truth(tmp_path / "a.txt", polygons=True)
    assert bounds.classes.tolist() == [0, 1, 2]
    assert bounds.boxes[1].tolist() == pytest.approx([0.5, 0.3, 0.8, 0.4])


PAIRS = "expected class, x, y, width and height, or class and three or more pairs of x and y"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("1 .1 .1 .9 .1 .5 .9 .3", f"8 words: {PAIRS}"),
        ("1 .1 .1 .9 .1 .5", f"6 words: {PAIRS}"),
        ("1 .1 .1 nan .1 .5 .9", "nan: expected a number"),
        ("1 .1 .1 .9 .1 .5 -inf", "-inf: expected a number"),
        ("1 .1 .1 .9 .1 .5 1e999", "1e999: expected a number"),
        ("dog .5 .5 .1 .1", "dog: expected a number"),
    ],
)
def test_a_broken_polygon_is_a_problem_and_the_next_line_is_read(tmp_path, capsys, line, problem):
    (tmp_path / "a.txt").write_text(f"0 .5 .5 .1 .1\n{line}\n2 .5 .5 .1 .1\n")

    with count_problems() as problems:
        truths = read_ground_truth(tmp_path / "a.txt", polygons=True)

    assert truths.classes.tolist() == [0, 2]
    assert capsys.readouterr().err == f"{tmp_path}/a.txt:2: left out: {problem}\n"
    assert problems.failed.total() == 1


def test_a_number_of_many_digits_is_read_at_once(tmp_path, capsys):
    path = tmp_path / "a.txt"
    path.write_text(f"0 .5 .5 .1 .1\n0 {'0' * 50_000}x .5 .1 .1\n")

    start = time.process_time()
    found = read_ground_truth(path)

    assert len(found) == 1
    assert ":2: 0 000" in capsys.readouterr().err
    assert time.process_time() - start < 1
