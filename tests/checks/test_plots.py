"""The pictures of a survey."""

from pathlib import Path

import cv2
import pytest

from pydarknet.checks.plots import chosen_images, plots, sheet

pytest.importorskip("matplotlib")


def test_three_pictures_are_drawn(survey):
    plots(survey(), Path())

    assert cv2.imread("samples.jpg").shape == (2 * 404 + 4, 4 * 404 + 4, 3)  # six in two rows
    assert cv2.imread("classes.png").shape[1] == 1200
    assert cv2.imread("sizes.png").shape == (500, 1200, 3)


def test_a_data_set_without_boxes_has_its_pictures(survey):
    for name in "abcdvw":
        Path(f"{name}.txt").unlink()

    plots(survey(cfg=False), Path())

    assert Path("sizes.png").exists()


def test_each_class_has_a_sample_first(survey):
    Path("a.txt").write_text("0 .5 .5 .2 .2\n")
    for name in "bcvw":
        Path(f"{name}.txt").write_text("")

    assert chosen_images(survey())[:3] == [0, 3, 1]


def test_boxes_are_drawn_where_they_are(survey):
    Path("a.txt").write_text("1 .5 .5 .5 .5\n")
    for name in "abcd":
        cv2.imwrite(f"{name}.png", cv2.imread("a.png") * 0)
    Path("train.txt").write_text("a.png\n")
    Path("valid.txt").write_text("a.png\n")

    tile = sheet(survey())[4:404, 4:404]  # 400 x 300 pixels, black, white above and below
    edge = tile[200].any(1).nonzero()[0]

    assert edge.min() in range(97, 103)  # a quarter of 400 from the left
    assert edge.max() in range(297, 303)
    assert not tile[200, 110:290].any()
