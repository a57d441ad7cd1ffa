"""The images with most errors: what is marked in them, and the legend below."""

import cv2
import numpy as np
import pytest
from rankings import matched_dataset

from pydarknet.boxes.palette import shades
from pydarknet.evaluate.average_precision import summary
from pydarknet.evaluate.worst_images import (
    MISSED,
    RIGHT,
    WRONG,
    mark,
    missed_marks,
    with_legend,
    worst,
)


@pytest.mark.parametrize(
    ("box", "edges"),
    [
        ((0.5, 0.5, 0.5, 0.5), (2, 1, 6, 3)),
        ((0.5, 0.5, 2, 2), (0, 0, 7, 3)),  # edges end at the last pixel
        ((np.nan, 0.5, 0.5, 0.5), (0, 1, 0, 3)),
    ],
)
def test_a_mark_keeps_its_edges_inside(box, edges):
    drawn = mark(np.array(box), np.array([8, 4]), MISSED, "a")

    assert (drawn.left, drawn.top, drawn.right, drawn.bottom) == edges


def test_a_missed_truth_without_a_name_has_its_number():
    seen = matched_dataset([], [0, 5])

    assert [one.text for one in missed_marks(seen, np.array([0, 1]))] == [
        "missed a",
        "missed class 5",
    ]


def colours_in(rows: np.ndarray) -> set[str]:
    """Return which of the three backgrounds are in rows of an image."""
    known = {"right": RIGHT, "wrong": WRONG, "missed": MISSED}
    return {name for name, color in known.items() if (rows == shades(color)[0]).all(2).any()}


@pytest.mark.parametrize("width", [12, 60, 640, 4000])
def test_the_legend_stands_below_the_image_in_its_colours(width):
    image = np.full((40, width, 3), 7, np.uint8)

    seen = with_legend(image, 1, 20, 300)

    np.testing.assert_array_equal(seen[:40], image)
    assert seen.shape[1] == width
    assert colours_in(seen[40:]) == {"right", "wrong", "missed"}


def test_a_wide_image_has_its_legend_in_one_row():
    wide, narrow = (with_legend(np.zeros((9, w, 3), np.uint8), 1, 2, 3) for w in (640, 90))

    assert len(wide) < 9 + 40
    assert len(narrow) > 9 + 2 * 10


def test_the_image_with_most_errors_has_marks_and_a_legend(tmp_path):
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.zeros((8, 8, 3), np.uint8))
    dataset = matched_dataset([(0.9, 0, 0), (0.8, 1, -1)], [0, 0])
    object.__setattr__(dataset, "paths", (str(path),))

    [(index, image)] = worst(summary(dataset))

    assert index == 0
    assert image.shape[1] == 8
    assert colours_in(image[8:]) == {"right", "wrong", "missed"}


def test_an_image_without_errors_is_not_drawn():
    assert [*worst(summary(matched_dataset([(0.9, 0, 0)], [0])))] == []
