"""Labels are found by both rules, good boxes are read, and all else is told with its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import both_lineages

from pydarknet.dataset.bad_list import BAD_LABELS
from pydarknet.dataset.labels import (
    LabelRules,
    Labels,
    check_usable,
    labels_of,
    read_labels,
    track,
)
from pydarknet.errors import DataError

GOOD = "4 0.5 0.4 0.2 0.1"


@pytest.fixture(autouse=True)
def _forget():
    labels_of.cache_clear()


@pytest.fixture
def read(tmp_path: Path):
    """Read labels from their text, as of 20 classes."""

    def make(text: str, dialect: str = "pjreddie", **rules: bool) -> Labels:
        path = tmp_path / "a.txt"
        path.write_bytes(text.encode())
        return read_labels(str(path), LabelRules(dialect, 20, **rules))

    return make


def told(labels: Labels, folder: Path) -> list[str]:
    """Return what is told of labels, without their folder."""
    return [problem.text.replace(f"{folder}/", "") for problem in labels.problems]


# Where labels are


@both_lineages
@pytest.mark.parametrize("place", ["images", "labels"])
def test_a_label_is_read_wherever_either_rule_finds_it(tmp_path, dialect, place):
    (tmp_path / place).mkdir()
    (tmp_path / place / "a.txt").write_text(GOOD)

    labels = labels_of(str(tmp_path / "images" / "a.jpg"), LabelRules(dialect, 20))

    assert labels.classes.tolist() == [4]
    assert labels.problems == ()


# What is read


@both_lineages
def test_a_line_is_a_class_and_a_box(read, dialect):
    labels = read(f"{GOOD}\n19 1 1e-1 .5 +.25\n", dialect)

    assert labels.classes.tolist() == [4, 19]
    assert labels.boxes.dtype == np.float32
    np.testing.assert_array_equal(
        labels.boxes, np.float32([[0.5, 0.4, 0.2, 0.1], [1, 0.1, 0.5, 0.25]])
    )


@pytest.mark.parametrize(
    "text", [f"\ufeff{GOOD}", f"{GOOD}\r\n", f"{GOOD}\r", f"\n\n  {GOOD}  \n\n", f"\t{GOOD}"]
)
def test_blanks_marks_and_line_ends_do_not_matter(read, text):
    labels = read(text)

    assert (labels.classes.tolist(), labels.problems) == ([4], ())


def test_a_line_may_hold_several_boxes(read):
    assert read(f"{GOOD} 5 .1 .1 .1 .1").classes.tolist() == [4, 5]


def test_an_empty_file_is_an_image_without_boxes(read):
    labels = read("")

    assert labels.boxes.shape == (0, 4)
    assert labels.problems == ()


# What is no good box


@both_lineages
@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("20 0.5 0.5 0.1 0.1", "class 20: expected 0 to 19"),
        ("-1 0.5 0.5 0.1 0.1", "class -1: expected 0 to 19"),
        ("1.5 0.5 0.5 0.1 0.1", "class 1.5: expected a whole number, 0 to 19"),
        ("dog 0.5 0.5 0.1 0.1", "class dog: expected a whole number, 0 to 19"),
        (f"{'9' * 20} .5 .5 .1 .1", f"class {'9' * 20}: expected a whole number, 0 to 19"),
        ("1 0 0 0.1 0.1", "x = 0 and y = 0: expected the centre of a box"),
        ("1 0.5 0.5 0 0.1", "0 x 0.1: expected a size above 0"),
        ("1 0.5 0.5 0.1 -0.1", "0.1 x -0.1: expected a size above 0"),
        ("1 -0.2 0.5 0.1 0.1", "the box is outside of the image: expected it within 0..1"),
        ("1 0.5 1.2 0.1 0.1", "the box is outside of the image: expected it within 0..1"),
        (
            "1 320 240 64 48",
            "the box is outside of the image: expected it within 0..1, not pixels",
        ),
        ("1 0.5 nan 0.1 0.1", "nan: expected a number"),
        ("1 0.5 0.5 inf 0.1", "inf: expected a number"),
        ("1 0.5 0.5 0.5 1e40", "1e40: expected a number"),  # infinite in float32
        ("1 0.5 0.5 0,1 0.1", "0,1: expected 0.1, with a point"),
        ("1,0.5,0.5,0.1", "1,0.5,0.5,0.1: expected blanks between numbers, and points in them"),
        (
            "1, 0.5, 0.5, 0.1, 0.1",
            "1, 0.5, 0.5, 0.1, 0.1: expected blanks between numbers, and points in them",
        ),
        (
            "1 0.1 0.1 0.9 0.1 0.5 0.9",
            "7 words (a polygon; polygons=1 in the .data file takes its bounds):"
            " expected class, x, y, width and height",
        ),
        (
            f"1{' 0.1 0.2' * 7}",  # 15 words, as three boxes have
            "15 words (a polygon; polygons=1 in the .data file takes its bounds):"
            " expected class, x, y, width and height",
        ),
        ("1 .5 .5 .1 .1 .9 .5 .5 .1 .1", "10 words: expected class, x, y, width and height"),
        ("1 0.5 0.5 0.1", "4 words: expected class, x, y, width and height"),
        ("1 0.5 0.5 0.1 0.1 0.98", "6 words: expected class, x, y, width and height"),
    ],
)
def test_a_bad_line_is_told_and_left_out_and_the_next_is_read(
    read, tmp_path, dialect, line, problem
):
    labels = read(f"0 0.5 0.5 0.1 0.1\n{line}\n{GOOD}\n", dialect)

    assert told(labels, tmp_path) == [f"a.txt:2: {problem}"]
    assert labels.classes.tolist() == [0, 4]


@pytest.mark.parametrize(
    "line",
    [
        "19 0.5 0.5 0.1 0.1",
        "1 0 0.5 0.1 0.1",  # x = 0 alone: half of the box is in the image
        "1 -0.04 0.5 0.1 0.1",
        "1 0.5 1.05 0.1 0.1",
        "1 0.5 0.5 1.5 3",  # larger than the image: cut off later
        "1 0.5 0.5 0.0001 0.1",
    ],
)
def test_a_line_that_is_barely_good_is_read(read, line):
    labels = read(line)

    assert (len(labels.boxes), labels.problems) == (1, ())


def test_a_label_without_a_place_counts_where_a_tree_asks_for_it(read):
    labels = read("7 0 0 0 0", unplaced=True)

    assert labels.classes.tolist() == [7]
    assert labels.boxes.tolist() == [[0, 0, 0, 0]]


@both_lineages
def test_labels_that_are_a_folder_are_told_as_such(tmp_path, dialect):
    (tmp_path / "a.txt").mkdir()

    labels = labels_of(str(tmp_path / "a.jpg"), LabelRules(dialect, 20))

    assert labels.boxes.shape == (0, 4)
    assert labels.problems[0].text == (
        f"Couldn't open file: {tmp_path}/a.txt (Is a directory): expected labels"
    )


@both_lineages
def test_an_image_without_a_label_file_has_no_boxes_and_that_is_told(tmp_path, dialect):
    labels = labels_of(str(tmp_path / "a.jpg"), LabelRules(dialect, 20))

    assert labels.boxes.shape == (0, 4)
    assert told(labels, tmp_path) == ["a.txt: no label file: the image counts as one without boxes"]


@both_lineages
@pytest.mark.parametrize("image", ["a.webp", "a.tif", "a.JPE", "a.jp2", "a"])
def test_labels_of_any_image_lie_in_a_txt_file(tmp_path, dialect, image):
    (tmp_path / "a.txt").write_text(GOOD)

    assert labels_of(str(tmp_path / image), LabelRules(dialect, 20)).classes.tolist() == [4]


def test_a_class_with_a_point_is_the_whole_number_and_that_is_told(read, tmp_path):
    labels = read("1.0 .5 .5 .1 .1\n2. .5 .5 .1 .1\n")

    assert labels.classes.tolist() == [1, 2]
    assert told(labels, tmp_path)[0] == "a.txt:1: class 1.0 is read as 1"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("1 .1 .1 .9 .1 .5 .9 .3", "8 words: expected class, x, y, width and height, or class"),
        ("1 .1 .1 nan .1 .5 .9", "nan: expected a number"),
        ("1 .1 .1 1e999 .1 .5 .9", "1e999: expected a number"),
    ],
)
def test_a_broken_polygon_is_left_out_and_told(read, line, problem):
    labels = read(f"{line}\n0 .5 .5 .1 .1\n", polygons=True)

    assert labels.classes.tolist() == [0]
    assert f"a.txt:1: {problem}" in labels.problems[0].text


def test_polygons_are_their_bounds_where_the_rules_say_so(read):
    # x from .1 to .9, y from .1 to .5: centre .5, .3 and size .8 x .4
    labels = read("1 .1 .1 .9 .1 .5 .5\n0 .5 .5 .1 .1\n", polygons=True)

    assert labels.classes.tolist() == [1, 0]
    np.testing.assert_allclose(labels.boxes[0], [0.5, 0.3, 0.8, 0.4], rtol=1e-6)


def test_labels_in_utf_16_are_read(tmp_path):
    (tmp_path / "a.txt").write_text(GOOD, encoding="utf-16")

    assert labels_of(str(tmp_path / "a.jpg"), LabelRules("alexeyab", 20)).classes.tolist() == [4]


def test_a_training_needs_one_box(tmp_path):
    images = [tmp_path / "a.jpg", tmp_path / "b.jpg"]
    for image in images:
        image.touch()
    rules = LabelRules("alexeyab", 20)

    check_usable([str(tmp_path / "none.jpg")], rules)  # its images are told to be missing
    with pytest.raises(DataError) as error:
        check_usable([*map(str, images)], rules)
    assert str(error.value) == (
        f"no box to train on in 2 images; {tmp_path}/a.jpg:"
        f" {tmp_path}/a.txt: no label file: the image counts as one without boxes"
    )

    labels_of.cache_clear()
    (tmp_path / "b.txt").write_text(GOOD)
    check_usable([*map(str, images)], rules)


def test_a_label_file_that_is_no_text_is_told(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\0\1\2")

    labels = labels_of(str(tmp_path / "a.jpg"), LabelRules("pjreddie", 20))

    assert len(labels.boxes) == 0
    assert "is not a text file" in told(labels, tmp_path)[0]


def test_labels_are_read_once(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(GOOD)
    first = labels_of(str(tmp_path / "a.jpg"), LabelRules("pjreddie", 20))
    path.unlink()

    assert labels_of(str(tmp_path / "a.jpg"), LabelRules("pjreddie", 20)) is first


# The fork's tracks and lists


def test_tracks_are_numbered_from_a_hash_of_the_files_name():
    # djb2 of "a": 5381 * 33 + 97 = 177670, of "ab": 177670 * 33 + 98 = 5863208
    assert track("a") == 177670 % 4000 * 4000
    assert track("ab") == 5863208 % 4000 * 4000


def test_a_bad_line_takes_a_track_too(read, tmp_path):
    labels = read(f"{GOOD}\n99 .5 .5 .1 .1\n{GOOD}\n")

    first = track(str(tmp_path / "a.txt"))
    assert labels.tracks.tolist() == [first, first + 2]


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("20 .5 .5 .1 .1", "class_id = 20. But class_id should be [from 0 to 19]"),
        ("1 0 0 .1 .1", "x = 0 or y = 0"),
        ("1 2 .5 .1 .1", "x = 0 or y = 0"),
    ],
)
def test_bad_lines_have_the_words_of_the_forks_list(read, tmp_path, line, entry):
    [problem] = read(line, "alexeyab").problems

    assert problem.file == BAD_LABELS == "bad_label.list"
    assert problem.entry == f"{tmp_path}/a.txt Wrong annotation: {entry}"
