"""The frames that a demo looks at."""

import numpy as np

from pydarknet.cli.demo_frames import Frame


def test_a_frame_has_a_number_and_pixels():
    number, pixels = Frame(1, np.zeros((2, 3, 3), np.uint8))

    assert (number, pixels.shape) == (1, (2, 3, 3))
