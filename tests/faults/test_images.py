"""Image files with which the program was once seen to fail."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import pytest

from pydarknet.image.files import save_image

NETWORK = "my.data net.cfg net.weights"
QUIET = "-dont_show -thresh .5"
TURNED = "is turned upright (EXIF orientation 6)"


def boxes(file: str) -> list[dict]:
    """Return the objects of the images in a JSON file."""
    return [image["objects"] for image in json.loads(Path(file).read_text())]


# Photographs


def test_a_photograph_has_the_boxes_of_the_upright_image(fault, answer):
    fault("inference/exif_ignored_in_silence")
    save_image(cv2.imread("sideways.jpg")[:, :, ::-1], "upright.png")

    turned = answer(f"detector test {NETWORK} sideways.jpg upright.png {QUIET} -out found.json")

    first, second = boxes("found.json")
    assert turned.status == 0
    assert turned.err.count(TURNED) == 1
    assert len(first) == 8
    assert first == second


def test_a_photograph_is_drawn_and_labelled_upright(fault, answer):
    fault("inference/exif_ignored_in_silence")

    answer(f"detector test {NETWORK} sideways.jpg {QUIET}")

    assert cv2.imread("predictions.jpg").shape == (72, 96, 3)


@pytest.mark.parametrize("flag", ["-exif off", "--exif off"])
def test_a_photograph_stays_as_it_is_stored_on_request(fault, answer, flag):
    fault("inference/exif_ignored_in_silence")

    stored = answer(f"detector test {NETWORK} {flag} sideways.jpg {QUIET}")

    assert TURNED not in stored.err
    assert cv2.imread("predictions.jpg").shape == (96, 72, 3)


def test_exif_alone_takes_no_operand(fault, answer):
    fault("inference/exif_ignored_in_silence")

    turned = answer(f"detector test {NETWORK} -exif sideways.jpg {QUIET}")

    assert TURNED in turned.err
    assert "sideways.jpg: Predicted" in turned.out


def test_the_map_of_photographs_is_that_of_upright_images(fault, answer):
    fault("training/exif_in_training")

    turned = answer("detector map obj.data fork.cfg upright.weights")
    stored = answer("detector map obj.data fork.cfg upright.weights -exif off")

    # 0.760417 of same_upright/, whose files were encoded once more
    assert "mAP@0.50) = 0.743056" in turned.out
    assert turned.err.count(TURNED) == 1
    assert "mAP@0.50) = 0.000" in stored.out
    assert TURNED not in stored.err


@pytest.mark.parametrize("workers", [0, 2])
def test_a_training_on_photographs_is_that_on_upright_images(fault, answer, workers):
    folder = fault("training/exif_in_training")
    cfg = (folder / "fork.cfg").read_text()
    (folder / "two.cfg").write_text(re.sub("max_batches=.*", "max_batches=2", cfg))
    for image in folder.glob("obj/*.jpg"):
        save_image(cv2.imread(str(image))[:, :, ::-1], image.with_suffix(".png"))
    upright = (folder / "train.txt").read_text().replace(".jpg", ".png")
    flags = f"-seed 1 -workers {workers} -clear"

    turned = answer(f"detector train obj.data two.cfg {flags}")
    first = Path("backup/two_final.weights").read_bytes()
    stored = answer(f"detector train obj.data two.cfg {flags} -exif off")
    unturned = Path("backup/two_final.weights").read_bytes()
    (folder / "train.txt").write_text(upright)
    same = answer(f"detector train obj.data two.cfg {flags}")

    assert (turned.status, stored.status, same.status) == (0, 0, 0)
    assert turned.err.count(TURNED) == 1
    assert TURNED not in stored.err + same.err
    assert Path("backup/two_final.weights").read_bytes() == first != unturned
