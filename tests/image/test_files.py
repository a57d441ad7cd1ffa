"""Image files: read, refused, written."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from pydarknet.errors import DataError
from pydarknet.image.files import stdin_bytes
from pydarknet.modules.transforms import (
    load_image,
    save_image,
)

READABLE = "expected JPEG, PNG, GIF, BMP, WebP, TIFF or Targa"


def png(tmp_path: Path, bgr: np.ndarray) -> Path:
    """Write a PNG with OpenCV, which wants blue first."""
    path = tmp_path / "picture.png"
    path.write_bytes(cv2.imencode(".png", bgr)[1].tobytes())
    return path


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing.jpg", "cannot be opened: No such file or directory"),
        ("folder", "cannot be opened: Is a directory"),
        ("pipe.jpg", "cannot be opened: is a pipe"),
        ("empty.jpg", "not an image: the file is empty"),
        ("text.jpg", f"not an image: {READABLE}"),
        ("page.jpg", f"not an image that can be read, but a web page: {READABLE}"),
        ("large.bin", f"not an image: {READABLE}"),
        ("large.png", "too large: 3000000000 bytes: expected at most 2147483647"),
        ("cut.png", "damaged: the header of this PNG names no size"),
        ("nul\0.jpg", "cannot be opened: embedded null byte"),
    ],
)
def test_what_is_no_picture_is_a_data_error(tmp_path, name, reason):
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("dog.jpg\n")
    (tmp_path / "page.jpg").write_text("<html>404</html>")
    (tmp_path / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    os.mkfifo(tmp_path / "pipe.jpg")
    for large, beginning in (("large.bin", b"x"), ("large.png", b"\x89PNG\r\n\x1a\n")):
        with open(tmp_path / large, "wb") as file:
            file.write(beginning)
            file.truncate(3_000_000_000)

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


def test_an_image_that_ends_early_is_told_once(tmp_path, capsys):
    path = tmp_path / "cut.jpg"
    path.write_bytes(cv2.imencode(".jpg", np.zeros((9, 9, 3), np.uint8))[1].tobytes()[:-2])

    for _ in range(2):
        assert load_image(path).shape == (9, 9, 3)

    said = f"{path} ends early: what is missing of the image is grey\n"
    assert capsys.readouterr().err == said


def test_save_image_says_where_it_cannot_write(tmp_path):
    with pytest.raises(
        DataError, match=r"Failed to write image .*out\.png: No such file or directory"
    ):
        save_image(np.zeros((2, 2, 3), np.uint8), tmp_path / "nowhere" / "out.png")


def test_an_image_that_jpeg_cannot_hold_becomes_a_png_beside_it(tmp_path, capsys):
    image = np.zeros((2, 65501, 3), np.uint8)

    save_image(image, tmp_path / "wide.jpg")

    assert load_image(tmp_path / "wide.png").shape == image.shape
    assert not (tmp_path / "wide.jpg").exists()
    assert capsys.readouterr().err == (
        f"{tmp_path}/wide.jpg: JPEG holds at most 65500 pixels in a row or column: written as"
        f" {tmp_path}/wide.png\n"
    )


def test_an_image_that_jpeg_just_holds_is_one(tmp_path, capsys):
    save_image(np.zeros((65500, 1, 3), np.uint8), tmp_path / "tall.jpg")

    assert load_image(tmp_path / "tall.jpg").shape == (65500, 1, 3)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("channels", [1, 3])
def test_a_jpeg_has_three_channels_and_a_colour_for_four_pixels(tmp_path, channels):
    save_image(np.full((8, 8, channels), 128, np.uint8), tmp_path / "a.jpg")

    content = (tmp_path / "a.jpg").read_bytes()
    frame = content[content.index(b"\xff\xc0") :][9:]  # channels; of each number, sides, table
    assert [frame[0], *frame[2:11:3]] == [3, 0x22, 0x11, 0x11]


@pytest.mark.parametrize("shape", [(0, 10, 3), (10, 0, 3), (2, 2, 5), (2, 2)])
@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_what_cannot_be_encoded_is_told_in_one_line(tmp_path, capfd, shape, name):
    with pytest.raises(DataError, match="Failed to write image") as error:
        save_image(np.zeros(shape, np.uint8), tmp_path / name)

    form = f"uint8 {list(shape)} cannot be encoded as {name[2:]}"
    assert str(error.value) == f"Failed to write image {tmp_path / name}: {form}"
    assert capfd.readouterr().err == ""
    assert list(tmp_path.iterdir()) == []


def test_an_image_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    save_image(np.zeros((2, 2, 3), np.uint8), tmp_path / "a.png")

    def fail(*paths: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(DataError, match="No space left on device"):
        save_image(np.ones((9, 9, 3), np.uint8), tmp_path / "a.png")

    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert load_image(tmp_path / "a.png").shape == (2, 2, 3)


def test_an_image_keeps_its_alpha_in_a_png(tmp_path):
    image = np.arange(16, dtype=np.uint8).reshape(2, 2, 4)

    save_image(image, tmp_path / "a.png")

    assert load_image(tmp_path / "a.png", 4).tolist() == image.tolist()


class Terminal:
    """Stands for a stdin at which somebody types."""

    closed = False

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stdin", "reason"),
    [
        (None, "stdin is closed"),
        (Terminal(), "it is a terminal: expected an image, as by `< photo.jpg`"),
    ],
)
def test_a_stdin_that_gives_nothing_is_an_error(monkeypatch, stdin, reason):
    monkeypatch.setattr("sys.stdin", stdin)

    with pytest.raises(DataError) as error:
        stdin_bytes("stdin")

    assert str(error.value) == f'Cannot load image "stdin": {reason}'


def test_stdin_gives_all_of_an_image_and_the_beginning_of_anything_else(tmp_path):
    large = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)  # 270 kB as PNG
    path = png(tmp_path, large)
    code = "import sys; from pydarknet.image.files import stdin_bytes as read; print(len(read('')))"
    read = [sys.executable, "-c", code]

    with path.open("rb") as image:
        whole = subprocess.run(read, stdin=image, capture_output=True, check=True)
    with open("/dev/zero", "rb") as endless:
        begun = subprocess.run(read, stdin=endless, capture_output=True, check=True)

    assert int(whole.stdout) == path.stat().st_size
    assert int(begun.stdout) == 65536
