"""What is found of classes."""

from pathlib import Path

import pytest

from pydarknet.checks import findings_of
from pydarknet.checks.finding import LOOK, WRONG


def test_ids_that_are_no_class_are_wrong(found):
    Path("a.txt").write_text("0 .5 .5 .2 .2\n7 .5 .5 .3 .2\n")

    one = found()["1 box is of class 7: expected 0 to 1: left out"]

    assert one.state == WRONG
    assert one.places == ("a.txt:2",)


def test_ids_counted_from_1_are_known(found):
    for name in "abcdvw":
        text = Path(f"{name}.txt").read_text()
        Path(f"{name}.txt").write_text(text.replace("1 0.5", "2 0.5").replace("0 0.5", "1 0.5"))

    one = found()["class ids seem to be counted from 1: 2 is there, 0 is not"]

    assert one.state == WRONG
    assert len(one.places) == 6


@pytest.mark.parametrize(
    ("names", "text", "state"),
    [
        ("cat\n", "my.names has 1 name for 2 classes", WRONG),
        ("cat\ndog\ncow\n", "my.names has 3 names for 2 classes", WRONG),
        ("\ndog\n", "my.names has an empty line", LOOK),
        ("cat\ncat\n", "my.names has cat twice", LOOK),
    ],
)
def test_names_pair_with_classes(found, names, text, state):
    Path("my.names").write_text(names)

    assert found()[text].state == state


def test_classes_of_the_data_file_and_the_head_must_agree(found):
    Path("my.data").write_text(Path("my.data").read_text().replace("classes=2", "classes=3"))

    assert found()["[yolo] has classes=2, my.data 3"].state == WRONG


def test_a_class_without_boxes_is_told(found):
    for name in "abcd":
        Path(f"{name}.txt").write_text("0 .5 .5 .2 .2\n")

    assert "1 class without a box in train: dog (class 1)" in found()


def test_a_class_that_valid_has_not_is_told(found):
    for name in "vw":
        Path(f"{name}.txt").write_text("0 .5 .5 .2 .2\n")

    assert "1 class without a box in valid: dog (class 1)" in found()


def test_few_boxes_beside_many_are_told(survey):
    rows = "".join(f"0 .5 .5 .2 .{k}\n" for k in range(100, 400))
    Path("a.txt").write_text(rows)

    texts = [one.text for one in findings_of(survey())]

    assert "few boxes: dog (class 1) 3; the commonest has 303" in texts


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("1.0e+00", "1 line writes its class as a fraction: left out"),
        ("2.0e+00", "1 box is of class 2: expected 0 to 1: left out"),
    ],
)
def test_classes_written_as_fractions_are_told(found, word, text):
    Path("a.txt").write_text(f"0 .5 .5 .2 .2\n{word} .5 .5 .3 .2\n")

    assert [one.text for one in found().values() if one.places == ("a.txt:2",)] == [text]


@pytest.mark.parametrize(
    ("left", "told"),
    [
        ("cat\ndog\n", []),
        ("cat\ndog\nbird\n", []),
        (
            "dog\ncat\n",
            [("class 0 is cat in my.names, dog in classes.txt beside the labels", WRONG)],
        ),
        (
            "cat\ncow\n",
            [("class 1 is dog in my.names, cow in classes.txt beside the labels", LOOK)],
        ),
    ],
)
def test_names_that_a_tool_left_in_another_order_are_told(found, left, told):
    Path("classes.txt").write_text(left)

    assert [(t, one.state) for t, one in found().items() if "beside the labels" in t] == told
