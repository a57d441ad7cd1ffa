"""What is found of label files."""

from pathlib import Path

import pytest

from pydarknet.checks.finding import LOOK, WRONG


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("0 .1 .1 .5 .1 .5 .5", "1 line is a polygon, not a box: left out"),
        ("0 0,5 0,5 0,2 0,2", "1 line has commas: left out"),
        ("0,.5,.5,.2,.2", "1 line has commas: left out"),
        ("0 .5 .5 .2", "1 line does not have five numbers: left out"),
        ("0 .5 .5 .2 .2 .9 1", "1 line is a polygon, not a box: left out"),
        ("cat .5 .5 .2 .2", "1 line begins with a name: left out"),
        ("0 .5 nan .2 .2", "1 line has something that is no number: left out"),
        ("0 0 0 .2 .2", "1 box has x = 0 and y = 0: left out"),
        ("0 .5 .5 0 .2", "1 box has a width or height of 0, or below: left out"),
        ("0 .5 .5 -.2 .2", "1 box has a width or height of 0, or below: left out"),
        ("0 2 .5 .2 .2", "1 box lies outside of the image: left out"),
        ("0 320 240 50 60", "1 box is in pixels: left out"),
        ("0 50 40 20 20", "1 box is in percent: left out"),
        ("0 .9 .5 .4 .2", "1 box reaches beyond the image: cut to it"),
        ("0 .5 .5 500 .2", "1 box is larger than the image: cut to it"),
        ("0 .5 .5 1 1", "1 box is as large as the image"),
        ("0 .5 .3 .2 .4", "1 line repeats a box of the same image"),
        ("1 .5 .3 .2 .4", "1 box is there for another class too"),
        ("0 .5 .5 .01 .2", "1 box is below a pixel of the 64x64 input: left out"),
    ],
)
def test_each_fault_is_told_with_its_line(found, line, text):
    with open("a.txt", "a") as file:
        file.write(f"{line}\n")

    findings = found()

    assert list(findings) == [text]
    assert findings[text].places == ("a.txt:3",)
    assert findings[text].mend


@pytest.mark.parametrize(("others", "state"), [(12, WRONG), (200, LOOK)])
def test_one_line_in_a_hundred_may_be_left_out(found, others, state):
    rows = "".join(f"0 .5 .5 .2 .{k:03}\n" for k in range(100, 100 + others))
    Path("a.txt").write_text(f"0 .5 .5 0 0\n{rows}")

    assert found()["1 box has a width or height of 0, or below: left out"].state == state


def test_missing_label_files_are_told_apart_from_empty_ones(found):
    Path("a.txt").unlink()
    Path("b.txt").write_text("")

    findings = found()

    assert list(findings) == ["1 image has no label file: taken as without objects"]
    assert findings["1 image has no label file: taken as without objects"].places == ("a.png",)


def test_a_training_without_a_box_is_wrong(found):
    for name in "abcd":
        Path(f"{name}.txt").write_text("0 .5 .5 0 0\n")

    assert found()["no image of train has a box that training can use"].state == WRONG


def test_images_that_share_a_label_file_are_told(found):
    Path("a.jpg").write_bytes(Path("a.png").read_bytes() + b"other")
    Path("train.txt").write_text("a.png\na.jpg\nb.png\n")

    assert "1 label file belongs to several images of the same name" in found()


CORNERS = [(0.1, 0.1, 0.9, 0.8), (0.5, 0.4, 0.9, 0.9), (0.2, 0.6, 0.8, 0.9), (0.3, 0.1, 0.6, 0.7)]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (lambda a, b, c, d: (a, b, c, d), "labels seem to be left, top, right, bottom"),
        (lambda a, b, c, d: (a, b, c - a, d - b), "labels seem to be left, top, width, height"),
        (lambda a, b, c, d: ((a + c) / 2, (b + d) / 2, c - a, d - b), None),
    ],
)
def test_corners_for_centres_are_wrong(found, form, told):
    for name in "abcd":
        lines = (f"0 {' '.join(map(str, form(*one)))}\n" for one in CORNERS)
        Path(f"{name}.txt").write_text("".join(lines))
    Path("v.txt").write_text("")
    Path("w.txt").write_text("")

    seeming = [text.partition(":")[0] for text in found() if text.startswith("labels seem")]
    assert seeming == ([told] if told else [])


def test_an_image_with_more_boxes_than_a_head_takes_is_told(found):
    Path("my.cfg").write_text(f"{Path('my.cfg').read_text()}max=9\n")
    Path("a.txt").write_text("".join(f"0 .5 .5 .2 .{k}\n" for k in range(200, 210)))

    one = found()["1 image has more than max=9 boxes: some are left out, by chance"]

    assert one.mend == "max=10 in each head of the cfg"


def test_many_boxes_below_a_cell_are_told(found):
    Path("a.txt").write_text("0 .5 .5 .1 .1\n0 .3 .5 .2 .2\n")  # 6 and 13 of 64 pixels

    texts = [text for text in found() if "below a cell of 16 pixels" in text]

    assert texts == ["2 of 12 boxes are below a cell of 16 pixels in the 64x64 input: hard to find"]


def test_missing_labels_that_have_another_name_are_to_be_renamed(found):
    Path("a.txt").rename("a.png.txt")

    mend = found()["1 image has no label file: taken as without objects"].mend

    assert mend == "there is a.png.txt: rename it to a.txt, and others likewise"


@pytest.mark.parametrize(
    ("empty", "told"), [("abcdv", ["5 of 6 labelled images have no box"]), ("abcd", [])]
)
def test_many_backgrounds_are_told(found, empty, told):
    for name in empty:
        Path(f"{name}.txt").write_text("")

    assert [text for text in found() if "labelled images" in text] == told


@pytest.mark.parametrize(("last", "told"), [(0.5, True), (0.9, False)])
def test_labels_that_leave_a_part_of_all_images_empty_are_told(found, last, told):
    rows = "".join(f"0 .{k} .3 .2 .2\n" for k in range(200, 299))
    for name in "abcdvw":
        Path(f"{name}.txt").write_text("")
    Path("a.txt").write_text(f"{rows}0 {last} .3 .2 .2\n")

    assert ("no box reaches beyond 60% of its image's width or height" in found()) == told
