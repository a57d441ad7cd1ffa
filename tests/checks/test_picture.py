"""What is known of an image file."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from pydarknet.checks.picture import picture_of

PIXELS = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
EXIF = b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"


@pytest.fixture
def jpeg(tmp_path):
    """Return the path of a photograph that EXIF turns by 90 degrees."""
    path = tmp_path / "a.jpg"
    content = cv2.imencode(".jpg", PIXELS)[1].tobytes()
    path.write_bytes(content[:2] + EXIF + content[2:])
    return path


@pytest.mark.parametrize("decode", [False, True])
@pytest.mark.parametrize(("exif", "size"), [(True, (120, 160)), (False, (160, 120))])
def test_the_size_is_that_of_the_turned_photograph(jpeg, exif, size, decode):
    picture = picture_of(str(jpeg), exif, decode)

    assert picture.size == size
    assert picture.orientation == 6


def test_only_a_file_without_its_end_is_decoded(jpeg, monkeypatch):
    def refuse(path, exif):
        raise AssertionError(path)

    whole = picture_of(str(jpeg))
    monkeypatch.setattr("pydarknet.checks.picture.decoded_picture", refuse)

    assert picture_of(str(jpeg)) == whole
    jpeg.write_bytes(jpeg.read_bytes()[:-400])
    with pytest.raises(AssertionError):
        picture_of(str(jpeg))


def test_a_cut_jpeg_is_readable_with_a_doubt(jpeg):
    jpeg.write_bytes(jpeg.read_bytes()[:-400])

    picture = picture_of(str(jpeg))

    assert picture.readable
    assert picture.doubt


def test_a_cut_png_cannot_be_read(tmp_path):
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), PIXELS)
    path.write_bytes(path.read_bytes()[:-4000])

    assert not picture_of(str(path)).readable


def test_what_is_not_there_is_told(tmp_path):
    assert "No such file" in picture_of(str(tmp_path / "a.png")).problem


def test_pixels_are_the_same_in_another_format(tmp_path):
    for name in ("a.png", "a.bmp"):
        cv2.imwrite(str(Path(tmp_path) / name), PIXELS)

    first, second = (picture_of(str(tmp_path / name), decode=True) for name in ("a.png", "a.bmp"))

    assert first.pixels == second.pixels != b""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")

    assert not picture_of(str(tmp_path / "a.jpg")).readable


def test_a_name_that_no_file_can_have_is_told():
    assert not picture_of("a\0.jpg").readable
