"""Whatever programs hold an image in, it becomes the same uint8 RGB array, or one clear error."""

from __future__ import annotations

import io
import pathlib

import cv2
import numpy as np
import pytest

from pydarknet import DataError
from pydarknet.errors import WrongType
from pydarknet.image.any_image import image_array, is_one_image

RGB = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)


class Pil:
    """A PIL image's interface, as Pillow 12 has it."""

    def __init__(self, mode: str = "RGB") -> None:
        self.mode = mode

    def convert(self, mode: str) -> Interface:
        assert mode == "RGB"
        return Interface(RGB)


class Interface:
    """An array of another library."""

    def __init__(self, array: np.ndarray) -> None:
        self.__array_interface__ = array.__array_interface__


@pytest.fixture
def file(tmp_path: pathlib.Path) -> pathlib.Path:
    """Write RGB as a PNG file."""
    path = tmp_path / "image.png"
    cv2.imwrite(str(path), RGB[:, :, ::-1])
    return path


@pytest.mark.parametrize("form", [str, pathlib.Path, pathlib.Path.read_bytes])
def test_a_file_may_be_a_path_or_its_bytes(file, form) -> None:
    np.testing.assert_array_equal(image_array(form(file)), RGB)


@pytest.mark.parametrize("form", [bytearray, memoryview])
def test_bytes_have_several_types(file, form) -> None:
    np.testing.assert_array_equal(image_array(form(file.read_bytes())), RGB)


@pytest.mark.parametrize("image", [RGB, Pil(), Pil("RGBA"), Pil("L"), Interface(RGB)])
def test_an_array_or_a_pil_image_gives_its_pixels(image) -> None:
    np.testing.assert_array_equal(image_array(image), RGB)


@pytest.mark.parametrize("image", [RGB, Interface(RGB)])
def test_bgr_is_the_order_of_arrays(image) -> None:
    np.testing.assert_array_equal(image_array(image, bgr=True), RGB[:, :, ::-1])


def test_bgr_is_not_the_order_of_files_and_pil_images(file) -> None:
    for image in (file, file.read_bytes(), Pil()):
        np.testing.assert_array_equal(image_array(image, bgr=True), RGB)


def test_grey_keeps_its_channel() -> None:
    assert image_array(RGB[:, :, :1]).shape == (2, 4, 1)


@pytest.mark.parametrize(
    ("image", "said", "hint"),
    [
        (None, "None: expected a path or uint8 [height, width, 3]", "cv2.imread returns None"),
        (7, "of type int: expected a path or uint8 [height, width, 3]", ""),
        (3.5, "of type float: expected a path or uint8 [height, width, 3]", ""),
        ({}, "of type dict: expected a path or uint8 [height, width, 3]", ""),
        ({"a.png": 1}, "of type dict: expected a path or uint8 [height, width, 3]", ""),
        (["a.png"], "of type list: expected a path or uint8 [height, width, 3]", ""),
        (RGB / 255, "float64 [2, 4, 3]: expected uint8 [height, width, 3]", "if its values are in"),
        (RGB.transpose(2, 0, 1), "uint8 [3, 2, 4]: expected uint8", "if it is [3, height, width]"),
        (RGB[None], "uint8 [1, 2, 4, 3]: expected uint8", "a batch is a list of images"),
        (RGB[:, :, 0], "uint8 [2, 4]: expected uint8 [height, width, 3]", "a grey image is"),
        (RGB[..., [0, 1, 2, 2]], "uint8 [2, 4, 4]: expected uint8", "without its alpha it is"),
        (RGB[:0], "uint8 [0, 4, 3]: expected at least one pixel", ""),
        (object(), "of type object: expected a path or uint8 [height, width, 3]", ""),
        (np.array([None]), "of an unknown type: expected a path or uint8 [height, width, 3]", ""),
    ],
)
def test_what_is_no_image_is_one_clear_error(image, said: str, hint: str) -> None:
    with pytest.raises(DataError) as raised:
        image_array(image)

    assert raised.value.problem.startswith(f"an image is {said}")
    assert raised.value.hint.startswith(hint)
    assert bool(raised.value.hint) == bool(hint)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (Pil("I;16"), "a PIL image has the mode I;16: expected 8 bits, such as RGB"),
        (b"", 'Cannot load image "<0 bytes>"'),
        (b"GIF89a", 'Cannot load image "<6 bytes>"'),
    ],
)
def test_content_that_is_no_image_is_told(image, said: str) -> None:
    with pytest.raises(DataError) as raised:
        image_array(image)

    assert str(raised.value).startswith(said)


@pytest.mark.parametrize("held", [False, True])
def test_an_open_binary_file_is_read(file, held) -> None:
    with io.BytesIO(file.read_bytes()) if held else file.open("rb") as image:
        assert is_one_image(image)
        np.testing.assert_array_equal(image_array(image), RGB)


@pytest.mark.parametrize("image", [io.StringIO("text"), 7, 3.5, {}, {"a.png": 1}, object()])
def test_what_cannot_be_an_image_is_a_type_error_too(image) -> None:
    assert is_one_image(image)
    with pytest.raises(TypeError):
        image_array(image)


def test_an_open_text_file_is_told_how_to_open_it(tmp_path) -> None:
    (tmp_path / "a.txt").write_text("text")
    with (tmp_path / "a.txt").open() as file, pytest.raises(WrongType) as raised:
        image_array(file)

    said = "an image is TextIOWrapper, which reads str: expected a binary file, as of "
    assert str(raised.value) == f"{said}open(path, 'rb')"


def test_a_closed_file_is_told() -> None:
    image = io.BytesIO(b"")
    image.close()

    with pytest.raises(DataError, match="a file that cannot be read: I/O operation on closed file"):
        image_array(image)


class OnAGpu:
    """A tensor that numpy cannot take."""

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


def test_what_numpy_cannot_take_is_told_with_its_reason() -> None:
    with pytest.raises(DataError, match="an image of type OnAGpu: can't convert cuda:0 device"):
        image_array(OnAGpu())


@pytest.mark.parametrize("image", ["a.png", pathlib.Path("a"), b"", RGB, Pil(), None, 7, OnAGpu()])
def test_these_are_one_image(image) -> None:
    assert is_one_image(image)


@pytest.mark.parametrize("images", [[], (), ["a"], iter([RGB]), {"a": 1}.keys()])
def test_these_are_several_images(images) -> None:
    assert not is_one_image(images)
