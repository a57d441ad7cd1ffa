"""Images of numbers: what lies where."""

import numpy as np
import pytest

from pydarknet.evaluate.charts import (
    BLUE,
    CELL,
    SIDE,
    WHITE,
    cloud,
    curve,
    fill,
    names_of,
    place,
    table,
)


def test_a_curve_begins_below_on_the_left():
    assert place(np.array([0, 1]), np.array([0, 1])).tolist() == [[60, 640], [640, 60]]


def test_a_curve_is_a_line_through_its_points():
    image = curve(np.array([0, 1]), np.array([0.5, 0.5]), "")

    assert image.shape == (SIDE, SIDE, 3)
    assert tuple(image[SIDE // 2, SIDE // 4]) == BLUE


def test_a_curve_without_points_is_empty():
    image = curve(np.array([]), np.array([]), "")

    assert not (image == BLUE).all(2).any()


def test_the_larger_a_share_the_darker_its_cell():
    canvas = np.full((CELL, 3 * CELL, 3), 255, np.uint8)

    for index, share in enumerate((0.0, 0.5, 1.0)):
        fill(canvas, CELL * index, 0, share, 0)

    assert canvas[1, [1, CELL + 1, 2 * CELL + 1], 0].tolist() == [255, 143, 31]


def test_a_table_has_a_cell_a_count_beside_its_names():
    heads = names_of(["a", "bcd"]).shape

    image = table(np.array([[4, 0], [1, 3]]), ["a", "bcd"], ["a", "bcd"], ("true", "found"))

    assert heads == (2 * CELL, 8 * 3 + 16, 3)
    assert image.shape == (heads[1] + 2 * CELL, heads[1] + 2 * CELL, 3)
    assert tuple(image[heads[1] + 1, heads[1] + 1]) == BLUE  # 4 of 4
    assert tuple(image[heads[1] + 1, heads[1] + CELL + 1]) == WHITE  # 0 of 4


@pytest.mark.parametrize(("corner", "seen"), [((350, 175), True), ((351, 175), False)])
def test_a_cluster_is_a_rectangle_from_the_corner(corner, seen):
    sizes, centers = np.zeros((0, 2)), np.array([[52, 26]])

    image = cloud(sizes, centers, np.zeros(0, np.int64), (104, 104))

    assert (tuple(image[corner[1], corner[0]]) == WHITE) is seen  # 52 of 104 is 350 of 700
