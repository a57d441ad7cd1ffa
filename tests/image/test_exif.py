"""EXIF: images stand as OpenCV turns them."""

from __future__ import annotations

import cv2
import pytest
from photos import WRITERS, corners, exif_block, jpeg_with

from pydarknet.image.decode import with_channels
from pydarknet.image.exif import orientation_in, orientation_of
from pydarknet.image.files import Remark, load_image


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", WRITERS)
def test_an_image_stands_as_opencv_turns_it(tmp_path, ending, orientation, order):
    path = tmp_path / f"photo.{ending}"
    path.write_bytes(WRITERS[ending](corners(), exif_block(orientation, order)))

    assert orientation_of(path.read_bytes()) == orientation
    assert (load_image(path) == cv2.imread(str(path))[:, :, ::-1]).all()


@pytest.mark.parametrize("channels", [1, 2, 4])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_an_image_of_any_channels_is_turned(tmp_path, orientation, channels):
    path = tmp_path / "photo.png"
    path.write_bytes(WRITERS["png"](corners(), exif_block(orientation)))

    found = load_image(path, channels)

    assert found.ndim == 3
    assert (found == with_channels(load_image(path), channels)).all()


def test_an_image_stays_as_it_is_stored_without_exif(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg_with(corners(24, 16), exif_block(6)))

    assert load_image(path, exif=False).shape == (16, 24, 3)


def test_the_first_turned_image_is_told(tmp_path):
    path, told = tmp_path / "photo.jpg", []
    path.write_bytes(jpeg_with(corners(), exif_block(6)))

    load_image(path, tell=told.append)

    text = (
        f"{path} is turned upright (EXIF orientation 6), as all such images are:"
        " -exif off (in Python exif=False) leaves them as they are stored"
    )
    assert told == [Remark(text, "exif")]


def test_one_note_is_enough(tmp_path, capsys):
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(jpeg_with(corners(), exif_block(6)))
        load_image(tmp_path / name)

    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("orientation", [1, 0, 9, 600])
def test_an_upright_image_is_not_told(tmp_path, capsys, orientation):
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg_with(corners(), exif_block(orientation)))

    assert (load_image(path) == cv2.imread(str(path))[:, :, ::-1]).all()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0\xff\xff",
        b"XX*\0" + exif_block(6)[4:],
        exif_block(6)[:18],
        exif_block(6, tag=0x0113),
    ],
    ids=["empty", "short", "far start", "no entries", "byte order", "cut", "other tag"],
)
def test_nonsense_turns_nothing(tmp_path, block):
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg_with(corners(), block))

    assert orientation_in(block) == 0
    assert (load_image(path) == cv2.imread(str(path))[:, :, ::-1]).all()
