"""The frames that a demo looks at."""

import numpy as np
from objects import boxes

from pydarknet.boxes.placement import Memory
from pydarknet.cli.demo_flags import DemoFlags
from pydarknet.cli.demo_frames import Frame, draw_found
from pydarknet.cli.detections_text import Found


def test_a_frame_has_a_number_pixels_and_a_time():
    number, pixels, seconds = Frame(1, np.zeros((2, 3, 3), np.uint8), 0.5)

    assert (number, pixels.shape, seconds) == (1, (2, 3, 3), 0.5)


def test_boxes_are_drawn_and_the_frame_stays():
    pixels = np.zeros((40, 60, 3), np.uint8)
    found = Found("film.avi", 60, 40, 0.0, boxes((0.5, 0.5, 0.5, 0.5)), 0.25)

    drawn = draw_found(pixels, found, "alexeyab", DemoFlags())

    assert drawn[20, 15].any()  # the left edge
    assert not drawn[20, 30].any()
    assert not pixels.any()


def test_a_memory_keeps_labels_where_they_were():
    pixels, memory = np.zeros((200, 400, 3), np.uint8), Memory()
    found = Found("film.avi", 400, 200, 0.0, boxes((0.5, 0.5, 0.25, 0.5)), 0.25)

    draw_found(pixels, found, "alexeyab", DemoFlags(), memory)

    assert memory.last[0].tolist() == [[150, 50, 251, 151]]  # edges in pixels, the last exclusive
