"""Images in memory that C programs share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pydarknet import DataError
from pydarknet.compat import darknet
from pydarknet.compat.network_handle import Handle

BLACK = np.zeros((20, 20, 3), np.uint8)


def test_an_image_takes_bytes_in_place(folder: Path) -> None:
    image = darknet.make_image(2, 1, 3)
    data = image.data

    darknet.copy_image_from_bytes(image, bytes([0, 51, 102, 153, 204, 255]))

    expected = np.float32([0, 0.6, 0.2, 0.8, 0.4, 1])  # plane by plane
    np.testing.assert_allclose([data[i] for i in range(6)], expected, rtol=1e-6)
    assert (image.w, image.h, image.c) == (2, 1, 3)


def test_too_few_bytes_for_an_image_are_an_error() -> None:
    with pytest.raises(DataError, match="the content has 5 bytes: expected 6"):
        darknet.copy_image_from_bytes(darknet.make_image(2, 1, 3), bytes(5))


def test_red_and_blue_are_swapped_in_place() -> None:
    image = darknet.make_image(1, 1, 3)
    darknet.copy_image_from_bytes(image, bytes([255, 51, 0]))

    darknet.rgbgr_image(image)

    np.testing.assert_allclose([image.data[i] for i in range(3)], [0, 0.2, 1], rtol=1e-6)


def test_a_letterbox_is_grey_around_the_image() -> None:
    boxed = darknet.letterbox_image(darknet.make_image(4, 2, 3), 8, 8)

    assert (boxed.w, boxed.h, boxed.c) == (8, 8, 3)
    assert (boxed.data[0], boxed.data[8 * 4]) == (0.5, 0.0)


def test_an_image_may_be_made_of_a_program_s_own_floats(net: Handle) -> None:
    own = np.zeros((3, 48, 48), np.float32)
    image = darknet.IMAGE(48, 48, 3, own.ctypes.data_as(darknet.POINTER(darknet.c_float)))

    output = darknet.predict_image(net, image)

    assert isinstance(output[0], float)


def test_a_freed_image_is_an_error_not_a_crash(net: Handle) -> None:
    image = darknet.make_image(48, 48, 3)
    darknet.free_image(image)

    with pytest.raises(DataError, match="an image has no data: it was freed or never filled"):
        darknet.predict_image(net, image)


CAT = ("cat", "99.0", (10, 10, 5, 5))
COLORS = {"cat": (1, 2, 3)}


@pytest.mark.parametrize(
    ("detections", "image", "told"),
    [
        ([CAT], None, "an image is NoneType: expected uint8 [height, width, 3]"),
        ([CAT], np.zeros((9, 9, 3)), "an image is float64 [9, 9, 3]: expected uint8 [height, "),
        (None, BLACK, "detections are None: expected what detect_image returns"),
        ([CAT[:2]], BLACK, "a detection is ('cat', '99.0'): expected (name, confidence, (x, y, "),
        ([("cat", "x", CAT[2])], BLACK, "a detection is ('cat', 'x', (10, 10, 5, 5)): expected "),
        ([("cat", 1, (1, 2))], BLACK, "a box is (1, 2): expected (x, y, w, h), finite numbers"),
        ([("cat", 1, (1, 2, 3, float("nan")))], BLACK, "a box is (1, 2, 3, nan): expected (x, y,"),
        ([("dog", 1, CAT[2])], BLACK, "colors: expected one of 'dog', a name in the detections"),
    ],
)
def test_what_cannot_be_drawn_is_told(detections, image, told: str) -> None:
    with pytest.raises(DataError) as error:
        darknet.draw_boxes(detections, image, COLORS)
    assert str(error.value).startswith(told)


def test_an_image_that_is_read_only_is_told() -> None:
    image = BLACK.copy()
    image.flags.writeable = False
    with pytest.raises(DataError, match="an image is read-only: expected one to draw on, such as"):
        darknet.draw_boxes([CAT], image, COLORS)


def test_what_is_no_detection_is_told() -> None:
    for use in (darknet.print_detections, darknet.bbox2points):
        with pytest.raises(TypeError, match=r"detections are None|a box is None"):
            use(None)
    for bad in (None, [(1, 2)], [(1, 2, 3, "box")]):
        with pytest.raises(TypeError, match="detections: expected tuples of four, the last"):
            darknet.non_max_suppression_fast(bad, 0.5)
