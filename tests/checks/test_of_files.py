"""What is found of lists and image files."""

from pathlib import Path

import cv2
import pytest

from pydarknet.checks.finding import WRONG
from pydarknet.checks.of_files import otherwise_written


def test_nothing_is_found_where_nothing_is_wrong(found):
    assert found() == {}
    assert found(cfg=False, decode=True) == {}


@pytest.mark.parametrize(
    ("content", "problem"), [("", "train: train.txt is empty"), (None, "train: Couldn't")]
)
def test_a_list_that_is_empty_or_not_there_is_wrong(found, content, problem):
    Path("train.txt").unlink() if content is None else Path("train.txt").write_text(content)

    [one] = [one for one in found().values() if one.thing == "list"]

    assert problem in one.text
    assert one.state == WRONG


def test_an_image_listed_twice_or_nowhere_is_told(found):
    Path("train.txt").write_text("a.png\na.png\nb.png\nnone.png\n")

    findings = found()

    assert findings["1 image is listed more than once in train.txt"].places == ("a.png",)
    assert findings["1 listed image is not there"].places == ("none.png",)


@pytest.mark.parametrize(("path", "there"), [("A.PNG", "a.png"), ("a.jpg", "a.png"), ("x.png", "")])
def test_other_capitals_and_endings_are_tried(data, path, there):
    assert otherwise_written(path) == there


def test_an_image_that_is_there_under_another_name_is_named(found):
    Path("train.txt").write_text("a.jpg\nb.png\nc.png\nd.png\n")

    assert found()["1 listed image is not there"].mend == "correct the list: there is a.png"


def test_a_link_to_nothing_is_not_named_in_its_own_place(found):
    Path("a.png").rename("b.png")
    Path("a.png").symlink_to("gone.png")

    assert found()["1 listed image is not there"].mend.startswith("correct the list: paths start")


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_image_is_wrong(found, content):
    Path("b.png").write_bytes(content)

    [one] = [
        one
        for text, one in found().items()
        if text.startswith("1 image cannot be read; the first: ")
    ]

    assert one.state == WRONG  # one of six
    assert one.places == ("b.png",)


def test_half_a_jpeg_is_damaged(found):
    cv2.imwrite("e.jpg", cv2.imread("a.png"))
    content = Path("e.jpg").read_bytes()
    Path("e.jpg").write_bytes(content[: len(content) * 2 // 3])
    Path("e.txt").write_text("0 .5 .5 .3 .3\n")
    Path("train.txt").write_text("a.png\nb.png\ne.jpg\n")

    assert found()["1 image is damaged: a part is lost"].places == ("e.jpg",)


def test_without_valid_that_is_told(found):
    Path("my.data").write_text("classes=2\ntrain=train.txt\nnames=my.names\n")

    assert list(found()) == ["no valid= in my.data: no mAP can say when to stop"]


@pytest.mark.parametrize(("width", "squeezed"), [(64, False), (192, True)])
def test_images_that_the_input_squeezes_are_told(found, width, squeezed):
    Path("my.cfg").write_text(Path("my.cfg").read_text().replace("width=64", f"width={width}"))

    assert any("are squeezed to less than half" in text for text in found()) == squeezed
