"""The three lines before a training."""

from pathlib import Path

import pytest

from pydarknet.checks.introduction import Introduced, introduction
from pydarknet.dataset.files import DataFile
from pydarknet.dataset.labels import LabelRules

MORE = "`pydarknet detector check my.data my.cfg` says more"


@pytest.fixture
def lines(data):
    """Return a function that returns the lines as the data are now."""

    def tell(seconds: float = 60.0) -> list[str]:
        paths, rules = [f"{name}.png" for name in "abcd"], LabelRules("alexeyab", 2)
        training = Introduced(DataFile.read("my.data"), "my.cfg", "train.txt", paths, rules)
        return list(introduction(training, seconds))

    return tell


def test_images_boxes_and_nothing_left_out(lines):
    assert lines() == [
        "train: train.txt: 4 images, 40x30, 0 without a box, 0 without a label file",
        "boxes: 8: cat 4, dog 4",
        f"left out: nothing; {MORE}",
    ]


def test_what_is_left_out_is_told_with_the_first_place(lines):
    Path("a.txt").write_text("0 .5 .5 0 .2\n")
    Path("b.txt").write_text("9 .5 .5 .2 .2\n")

    assert lines()[2] == (
        "left out: 1 box has a width or height of 0, or below;"
        f" 1 box is of class 9: expected 0 to 1 (a.txt:1, ...); {MORE}"
    )


def test_one_place_is_told_as_the_only_one(lines):
    Path("a.txt").write_text("0 .5 .5 0 .2\n")

    told = "left out: 1 box has a width or height of 0, or below (a.txt:1); "
    assert lines()[2].startswith(told)


def test_of_many_only_the_first_are_looked_at(lines):
    assert lines(seconds=-1)[1] == "boxes: 0: cat 0, dog 0 (of the first 0)"
