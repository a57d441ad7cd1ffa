"""What is found of copies."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from pydarknet.checks.finding import LOOK


def test_an_image_of_both_lists_is_told(found):
    Path("valid.txt").write_text("a.png\nv.png\n")

    assert "1 image is in both train and valid: the mAP is too good" in found()


def test_all_of_valid_in_train_is_told_once(found):
    Path("valid.txt").write_text("a.png\nb.png\n")

    assert list(found()) == ["2 images, all of valid, are in train too: the mAP is too good"]


def test_a_picture_of_valid_under_another_name_in_train_is_told(found):
    shutil.copy("a.png", "v.png")

    one = found()["1 picture of valid is in train under another name"]

    assert one.places == ("a.png = v.png",)
    assert one.state == LOOK


def test_a_picture_twice_in_train_is_told(found):
    shutil.copy("a.png", "b.png")

    assert found()["1 picture is there more than once"].places == ("a.png = b.png",)


def test_a_copy_in_another_format_is_told_where_pixels_are_read(found):
    cv2.imwrite("v.bmp", cv2.imread("a.png"))
    Path("valid.txt").write_text("v.bmp\n")

    assert "1 picture of valid is in train under another name" in found(decode=True)
    assert found() == {}


def write_picture(path: str, seed: int, quality: int = 90, side: int = 96) -> None:
    """Write a picture of soft spots."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    pixels = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(path, pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])


@pytest.mark.parametrize(
    ("seed", "side", "places"),
    [(1, 96, ("a.jpg ~ v.jpg",)), (1, 80, ("a.jpg ~ v.jpg",)), (2, 96, None), (1, 40, None)],
    ids=["saved anew", "smaller", "another picture", "too small to tell"],
)
def test_a_picture_of_valid_that_looks_like_one_of_train_is_told(found, seed, side, places):
    write_picture("a.jpg", 1)
    write_picture("v.jpg", seed, 40, side)
    Path("train.txt").write_text("a.jpg\nb.png\n")
    Path("valid.txt").write_text("v.jpg\n")

    one = found(decode=True).get("1 picture of valid looks nearly like one of train")

    assert (one.places if one else None) == places
    assert not any("looks nearly" in text for text in found())


@pytest.mark.parametrize(("form", "told"), [("a_png.rf.22", True), ("b_png.rf.22", False)])
def test_forms_of_a_picture_in_both_lists_are_told(found, form, told):
    for path in ("a.png", "a.txt"):
        Path(path).rename(f"a_png.rf.11{path[1:]}")
    for path in ("v.png", "v.txt"):
        Path(path).rename(f"{form}{path[1:]}")
    Path("train.txt").write_text("a_png.rf.11.png\nb.png\nc.png\n")
    Path("valid.txt").write_text(f"{form}.png\nw.png\n")

    text = "1 picture of valid has another form in train, by the name"
    assert (text in found()) == told
