"""What the library's images are made of, and what is told of anything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pydarknet import DarknetError
from pydarknet.compat import darknet
from pydarknet.compat.library_images import (
    copy_image_from_bytes,
    letterbox_image,
    load_image,
    make_image,
    rgbgr_image,
)

NONE = "an image is None: expected an IMAGE, as of load_image or make_image"


@pytest.mark.parametrize(
    ("size", "told"),
    [
        ((-1, 2, 3), "an image of -1 x 2 x 3: expected at least 1 each"),
        ((4, 2, 0), "an image of 4 x 2 x 0: expected at least 1 each"),
        (("a", 2, 3), "a size is of type str: expected a whole number"),
    ],
)
def test_a_size_that_no_image_has_is_told(size: Any, told: str) -> None:
    with pytest.raises(DarknetError) as error:
        make_image(*size)
    assert str(error.value) == told


def test_an_image_is_not_fitted_into_less_than_a_pixel(folder: Path) -> None:
    with pytest.raises(DarknetError, match="an image of -1 x -1: expected at least 1 each"):
        load_image("input.png", -1, -1)
    with pytest.raises(DarknetError, match="an image of -2 x 2: expected at least 1 each"):
        letterbox_image(make_image(2, 2, 3), -2, 2)


def test_what_is_no_image_is_told(fork: Any) -> None:
    handle, names, _ = fork
    for use in (
        lambda: darknet.detect_image(handle, names, None),
        lambda: darknet.predict_image(handle, None),
        lambda: letterbox_image(None, 2, 2),
        lambda: rgbgr_image(None),
        lambda: copy_image_from_bytes(None, b""),
    ):
        with pytest.raises(TypeError) as error:
            use()
        assert str(error.value) == NONE

    pixels = np.zeros((48, 48, 3), np.uint8)
    with pytest.raises(TypeError, match="an image is ndarray: expected an IMAGE"):
        darknet.detect_image(handle, names, pixels)


def test_bytes_of_an_image_are_no_text() -> None:
    with pytest.raises(TypeError, match="the content of an image is text: expected bytes"):
        copy_image_from_bytes(make_image(2, 2, 3), "x" * 12)


def test_what_is_no_network_and_no_names_is_told(fork: Any) -> None:
    handle, names, _ = fork
    image = make_image(48, 48, 3)

    with pytest.raises(TypeError, match="the network is None: expected what load_network returned"):
        darknet.detect_image(None, names, image)
    with pytest.raises(TypeError, match="the class names are None: expected a list of them"):
        darknet.detect_image(handle, None, image)
