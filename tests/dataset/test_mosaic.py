"""Four images become one, and their boxes those of the C program."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from conftest import HERE

from pydarknet.dataset.detector_augment_alexeyab import Crop
from pydarknet.dataset.detector_samples import blend
from pydarknet.dataset.mosaic import (
    Corner,
    Piece,
    along,
    clip_to_corner,
    clip_to_image,
    corner,
    mosaic,
)

MOVES = {0: clip_to_image, 1: clip_to_corner}


@cache
def recorded() -> dict[str, np.ndarray]:
    """Return the recorded cases."""
    return dict(np.load(HERE / "reference" / "data_mosaic_ab" / "cases.npz"))


def piece(value: int, crop: Crop, *rows: list[float], size: tuple[int, int] = (10, 10)) -> Piece:
    """Return an image of one value with rows of boxes; its source is twice as large."""
    pixels = np.full((size[1], size[0], 3), value, np.uint8)
    source = size[0] * 2, size[1] * 2
    return Piece(pixels, np.array(rows, np.float32).reshape(-1, 6), crop, source)


WHOLE = Crop(0, 0, 0, 0, 20, 20)
BOX = [0.5, 0.5, 0.4, 0.4, 3, 77]  # pixels 3 to 7 of 10


@pytest.mark.parametrize("case", range(48))
def test_boxes_of_a_corner_are_the_c_programs(case):
    arrays = recorded()
    most, w, h, x, y, index, left, right, top, bottom, bound, _ = arrays["cases"][case].tolist()
    first, width, from_x = along(index % 2, x, w, left, right)
    row, height, from_y = along(index // 2, y, h, top, bottom)
    at = Corner(first, row, width, height, from_x, from_y)
    before = arrays[f"before_{case}"]

    moved = MOVES[bound](arrays[f"rows_{case}"][: most - len(before)], at, (w, h))

    np.testing.assert_allclose(
        np.concatenate([before, moved]), arrays[f"after_{case}"], rtol=0, atol=1e-6
    )


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (0, Corner(0, 0, 4, 7, 6, 3)),  # the last 4 of 10 columns, the last 7 rows
        (1, Corner(4, 0, 6, 7, 0, 3)),
        (2, Corner(0, 7, 4, 3, 6, 0)),
        (3, Corner(4, 7, 6, 3, 0, 0)),
    ],
)
def test_a_corner_shows_the_opposite_corner_of_its_image(index, expected):
    assert corner(index, (4, 7), piece(0, WHOLE)) == expected


def test_padding_is_skipped_as_far_as_the_corner_can_be_filled():
    # 4 of 20 columns are 2 of 10; 30 of 20 rows are 15, more than the 3 below the cut
    padded = Crop(0, -4, 0, -30, 24, 50)

    assert corner(0, (4, 7), piece(0, padded)) == Corner(0, 0, 4, 7, 4, 0)


def test_padding_on_the_left_is_on_the_right_of_a_mirrored_image():
    padded = Crop(-4, 0, 0, 0, 24, 20, flip=True)

    assert corner(0, (4, 7), piece(0, padded)).from_x == 4


def test_the_corners_of_four_images_are_cut_at_a_point():
    pixels, rows = mosaic([piece(value, WHOLE) for value in (1, 2, 3, 4)], (4, 7), False, 9)

    assert pixels[..., 0].tolist() == [[1] * 4 + [2] * 6] * 7 + [[3] * 4 + [4] * 6] * 3
    assert rows.shape == (0, 6)


def test_boxes_follow_their_corner_and_lose_their_tracks():
    pieces = [piece(0, WHOLE), piece(0, WHOLE, BOX), piece(0, WHOLE), piece(0, WHOLE)]

    _, rows = mosaic(pieces, (4, 5), False, 9)

    # corner 1 shows columns from 0 at 4, and rows from 5 at 0: 3..7 become 7..11 and -2..2,
    # cut off at the image's edge to 7..10 and 0..2
    np.testing.assert_allclose(rows, [[0.85, 0.1, 0.3, 0.2, 3, 0]], rtol=0, atol=1e-6)


def test_bound_cuts_boxes_off_at_the_corners():
    pieces = [piece(0, WHOLE, BOX), piece(0, WHOLE), piece(0, WHOLE), piece(0, WHOLE)]

    _, bound = mosaic(pieces, (6, 6), True, 9)
    _, free = mosaic(pieces, (6, 6), False, 9)

    # the last 6 of 10: 3..7 become -1..3, and both end at the image's edge
    np.testing.assert_allclose(bound, [[0.15, 0.15, 0.3, 0.3, 3, 0]], rtol=0, atol=1e-6)
    np.testing.assert_allclose(free, [[0.15, 0.15, 0.3, 0.3, 3, 0]], rtol=0, atol=1e-6)


def test_without_bound_a_box_may_reach_into_another_corner():
    wide = Crop(0, -8, 0, -8, 28, 28)  # 4 of 10 columns are padding: columns 0..5 are shown
    pieces = [piece(0, wide, BOX), piece(0, WHOLE), piece(0, WHOLE), piece(0, WHOLE)]

    _, bound = mosaic(pieces, (6, 6), True, 9)
    _, free = mosaic(pieces, (6, 6), False, 9)

    np.testing.assert_allclose(bound, [[0.45, 0.45, 0.3, 0.3, 3, 0]], rtol=0, atol=1e-6)
    np.testing.assert_allclose(free, [[0.5, 0.5, 0.4, 0.4, 3, 0]], rtol=0, atol=1e-6)


def test_boxes_are_counted_up_to_the_most():
    pieces = [piece(0, WHOLE, BOX, BOX) for _ in range(4)]

    assert len(mosaic(pieces, (5, 5), False, 3)[1]) == 3


def test_two_images_are_halves_of_each_and_have_the_boxes_of_both():
    first, second = piece(100, WHOLE, BOX), piece(201, WHOLE, BOX)

    image, rows = blend(first, second)

    np.testing.assert_allclose(image, np.full((3, 10, 10), 150.5 / 255), rtol=1e-6)
    assert rows[:, 4:].tolist() == [[3, 77], [3, 0]]
