"""JPEGs of a frame are made once, by the first who asks."""

from __future__ import annotations

import threading

import cv2
import numpy as np
from serving_clients import frame

from pydarknet.serving.shown import Once, Shown


def pixels_of(jpeg: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def test_many_threads_get_what_one_of_them_made() -> None:
    made: list[int] = []
    once = Once(lambda: made.append(1) or len(made))
    got: list[int] = []

    threads = [threading.Thread(target=lambda: got.append(once.get())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert got == [1] * 8


def test_the_page_has_the_picture_without_boxes_and_the_stream_that_with_them() -> None:
    shown = frame(50)  # its upper half is white where it is drawn on

    assert pixels_of(shown.jpeg("page"))[4, 4].tolist() == [50, 50, 50]
    assert pixels_of(shown.jpeg("drawn"))[4, 4].tolist() == [255, 255, 255]


def test_the_page_has_a_large_picture_in_the_size_of_a_screen() -> None:
    pixels = np.zeros((500, 4000, 3), np.uint8)

    shown = Shown(1, pixels, pixels, "{}", fps=0)

    assert pixels_of(shown.jpeg("page")).shape == (200, 1600, 3)  # 500 * 1600 / 4000
    assert pixels_of(shown.jpeg("drawn")).shape == (500, 4000, 3)


def test_a_small_picture_that_is_not_drawn_on_is_encoded_once() -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)

    shown = Shown(1, pixels, pixels, "{}", fps=0)

    assert shown.jpeg("page") is shown.jpeg("drawn")
