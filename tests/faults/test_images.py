"""Image files with which the program was once seen to fail."""

from __future__ import annotations

import json
import re
import shutil
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from conftest import HERE
from photos import png_chunk

from pydarknet import load_network
from pydarknet.errors import DataError
from pydarknet.image.files import save_image

INPUTS = HERE / "faults" / "inputs"
FOUR = "my.data c4.cfg c4.weights"
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


# Files that end early, and formats


def test_a_jpeg_without_its_last_bytes_has_its_boxes(fault, answer):
    fault("inference/jpeg_without_its_last_bytes")

    told = answer(f"detector test {NETWORK} cut.jpg whole.jpg {QUIET} -out found.json")

    cut, whole = boxes("found.json")
    assert told.status == 0
    assert len(cut) > 0
    assert cut == whole
    assert told.err.count("cut.jpg ends early: what is missing of the image is grey") == 1


def test_a_targa_file_is_read(fault, answer):
    fault("inference/tga_and_folders")

    save_image(load_targa(Path("img.tga").read_bytes()), "same.png")

    told = answer(f"detector test {NETWORK} img.tga same.png {QUIET} -out found.json")

    targa, png = boxes("found.json")
    assert told.status == 0
    assert len(targa) > 0
    assert targa == png


def load_targa(content: bytes) -> np.ndarray:
    """Return the pixels of a plain Targa file of 24 bits whose first row is the top."""
    w, h, depth, flags = struct.unpack_from("<HHBB", content, 12)
    assert (content[2], depth, flags) == (2, 24, 0x20)
    return np.frombuffer(content, np.uint8, w * h * 3, 18).reshape(h, w, 3)[:, :, ::-1]


def test_a_folder_gives_every_image_that_can_be_read(fault, answer):
    fault("inference/tga_and_folders")
    shutil.copy("img.tga", "shots/img.TGA")
    Path("shots/notes.txt").write_text("no image")
    Path("shots/folder.jpg").mkdir()

    told = answer(f"detector test {NETWORK} shots {QUIET}")

    assert told.status == 0
    assert re.findall(r"shots/(\S+): Predicted", told.out) == ["img.TGA", "img.gif", "img.jp2"]


def test_a_folder_without_images_says_what_was_expected(fault, answer):
    fault("inference/tga_and_folders")
    Path("empty").mkdir()

    told = answer(f"detector test {NETWORK} empty {QUIET}")

    assert told.status == 1
    said = "empty: expected an image that ends in .apng, .avif, .bmp, "
    assert told.err.splitlines()[-1].startswith(said)


# Bombs


def test_bombs_are_refused_without_the_memory_that_they_claim(fault, limited_answer):
    folder = fault("breaker/jpeg_header_bomb")
    shutil.copy(INPUTS / "breaker/png_402_bytes_4GB/bad.png", folder)
    (folder / "bomb20000.png").write_bytes(black_png(20_000))

    told = limited_answer(
        "detector test run.data run.cfg net.weights bad.png bad.jpg bomb20000.png 0.png -nogpu",
        megabytes=4000,
    )

    expected = "pixels: expected at most 178956970; OPENCV_IO_MAX_IMAGE_PIXELS changes that"
    assert told.status == 1
    assert "Traceback" not in told.err
    assert re.findall("Cannot load image.*", told.err) == [
        'Cannot load image "bad.png": damaged: a chunk IDAT of 4278190425 bytes, 361 of them there',
        f'Cannot load image "bad.jpg": too large: 30000 x 30000 {expected}',
        f'Cannot load image "bomb20000.png": too large: 20000 x 20000 {expected}',
    ]
    assert "0.png: Predicted" in told.out


def black_png(side: int) -> bytes:
    """Return a square black PNG of one bit per pixel."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    data = zlib.compress(bytes((side // 8 + 1) * side), 9)
    pieces = (b"IHDR", header), (b"IDAT", data), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*piece) for piece in pieces)


# Channels


def test_a_network_of_four_channels_sees_alpha(fault, answer):
    fault("inference/four_channels")
    rgba = cv2.imread("rgba.png", cv2.IMREAD_UNCHANGED)[:, :, [2, 1, 0, 3]]

    told = answer(f"detector test {FOUR} rgba.png -dont_show -thresh .3 -out found.json")

    [objects] = boxes("found.json")
    assert told.status == 0
    assert len(objects) == 7
    assert cv2.imread("predictions.jpg").shape == (*rgba.shape[:2], 3)


def test_an_array_of_four_channels_is_what_its_file_is(fault):
    fault("inference/four_channels")
    network = load_network("c4.cfg", "c4.weights", dialect="alexeyab")
    bgra = cv2.imread("rgba.png", cv2.IMREAD_UNCHANGED)
    rgba = bgra[:, :, [2, 1, 0, 3]]

    file = network.detect("rgba.png", thresh=0.3)
    array = network.detect(rgba, thresh=0.3)
    blue_first = network.detect(bgra, thresh=0.3, bgr=True)

    assert len(file) == 6
    assert torch.equal(array.boxes, file.boxes)
    assert torch.equal(blue_first.boxes, file.boxes)
    assert array.draw(rgba).shape == (*rgba.shape[:2], 3)


def test_a_network_of_four_channels_takes_opaque_images_too(fault, answer):
    fault("inference/four_channels")
    rgb = cv2.imread("rgba.png")
    save_image(rgb, "rgb.png")
    save_image(np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)]), "opaque.png")

    told = answer(f"detector test {FOUR} rgb.png opaque.png -thresh .1 -out found.json")

    first, second = boxes("found.json")
    assert told.status == 0
    assert first == second


def test_an_image_of_other_channels_than_the_network_takes_is_one_line(fault, answer):
    folder = fault("inference/four_channels")
    cfg = (folder / "c4.cfg").read_text().replace("channels=4", "channels=5")
    (folder / "c5.cfg").write_text(cfg)
    five = load_network("c5.cfg", dialect="alexeyab")
    five.save_weights("c5.weights")

    told = answer("detector test my.data c5.cfg c5.weights rgba.png -dont_show")

    assert told.status == 1
    assert told.err.splitlines()[-1] == (
        'Cannot load image "rgba.png": a file has at most 4 channels: expected 5, as the network'
    )
    assert five.detect(np.zeros((8, 8, 5), np.uint8)) is not None
    with pytest.raises(DataError, match=r"uint8 \[8, 8, 3\]: expected uint8 \[height, width, 5\]"):
        five.detect(np.zeros((8, 8, 3), np.uint8))


# Drawn images


def test_an_image_too_wide_for_a_jpeg_is_drawn_into_a_png(fault, answer):
    fault("breaker/picture_65535_wide")

    told = answer("detector test run.data run.cfg net.weights wide.png -nogpu")

    assert told.status == 0
    assert "predictions.jpg: JPEG holds at most 65500 pixels" in told.err
    assert cv2.imread("predictions.png").shape[1] == 65535
