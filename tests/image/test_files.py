"""Image files: read, refused, written."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from pydarknet.errors import DataError
from pydarknet.modules.transforms import (
    load_image,
    save_image,
)


def png(tmp_path: Path, bgr: np.ndarray) -> Path:
    """Write a PNG with OpenCV, which wants blue first."""
    path = tmp_path / "picture.png"
    path.write_bytes(cv2.imencode(".png", bgr)[1].tobytes())
    return path


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing.jpg", "No such file or directory"),
        ("folder", "Is a directory"),
        ("empty.jpg", "unknown image type, or damaged"),
        ("text.jpg", "unknown image type, or damaged"),
        ("nul\0.jpg", "embedded null byte"),
    ],
)
def test_what_is_no_picture_is_a_data_error(tmp_path, name, reason):
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("dog.jpg\n")

    with pytest.raises(DataError) as error:
        load_image(tmp_path / name)

    assert str(error.value) == f'Cannot load image "{tmp_path / name}": {reason}'


@pytest.mark.skipif(cv2.__version__ < "5", reason="there libpng itself writes to stderr")
def test_opencv_does_not_speak_of_damaged_pictures(tmp_path, capfd):
    path = tmp_path / "damaged.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(30))

    with pytest.raises(DataError):
        load_image(path)

    assert capfd.readouterr().err == ""


def test_pictures_of_four_channels_are_refused(tmp_path):
    with pytest.raises(DataError, match="1 or 3 channels, not 4"):
        load_image(png(tmp_path, np.zeros((2, 2, 3), np.uint8)), channels=4)


def test_save_image_says_where_it_cannot_write(tmp_path):
    with pytest.raises(
        DataError, match=r"Failed to write image .*out\.png: No such file or directory"
    ):
        save_image(np.zeros((2, 2, 3), np.uint8), tmp_path / "nowhere" / "out.png")
