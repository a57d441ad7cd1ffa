"""Boxes move with their image, are cut off at the edges of the input, and the small ones go."""

from __future__ import annotations

import numpy as np
import pytest

from pydarknet.dataset.labels import Labels
from pydarknet.dataset.targets import Grid, Rows, View, boxes_in_view

WHOLE = View((1, 1), (0, 0))


def labels(*rows: tuple[float, ...]) -> Labels:
    """Return labels of rows of class, x, y, width, height; their tracks are 100, 101 ..."""
    table = np.array(rows, np.float64).reshape(-1, 5)
    tracks = np.arange(100, 100 + len(rows))
    return Labels(table[:, 0].astype(int), table[:, 1:].astype(np.float32), tracks, ())


def boxes(*rows: tuple[float, ...]) -> np.ndarray:
    """Return boxes."""
    return np.array(rows, np.float32)


@pytest.mark.parametrize(
    ("box", "view", "expected"),
    [
        ((0.5, 0.5, 0.5, 0.25), WHOLE, (0.5, 0.5, 0.5, 0.25)),
        # edges .25 and .75 become .125 + .25 and .375 + .25
        ((0.5, 0.5, 0.5, 0.5), View((0.5, 0.5), (-0.25, 0)), (0.5, 0.25, 0.25, 0.25)),
        ((0.25, 0.5, 0.25, 0.5), View((1, 1), (0, 0), flip=True), (0.75, 0.5, 0.25, 0.5)),
        # edges .375 and 1.125 are cut to .375 and 1
        ((0.75, 0.5, 0.75, 0.5), WHOLE, (0.6875, 0.5, 0.625, 0.5)),
        ((0.5, 0.5, 3, 3), WHOLE, (0.5, 0.5, 1, 1)),  # larger than the image is all of it
        ((0.5, 0.5, 0.25, 0.25), View((1, 1), (2, 0)), (0, 0.5, 0, 0.25)),  # beyond the edge
    ],
)
def test_edges_are_scaled_shifted_mirrored_and_cut_off(box, view, expected):
    assert boxes_in_view(boxes(box), view).tolist() == [list(expected)]


def test_a_label_without_a_place_is_nowhere():
    assert boxes_in_view(boxes((0, 0, 0, 0)), WHOLE).tolist() == [[999999] * 4]


def test_a_row_has_a_class_and_in_the_fork_a_track():
    given = labels((7, 0.5, 0.5, 0.25, 0.125))

    original = Rows(90, 5, 0.001).of(given, WHOLE, np.arange(1), (32, 32))
    fork = Rows(200, 6, None).of(given, WHOLE, np.arange(1), (32, 32))

    assert original.tolist() == [[0.5, 0.5, 0.25, 0.125, 7]]
    assert fork.tolist() == [[0.5, 0.5, 0.25, 0.125, 7, 100]]


@pytest.mark.parametrize(
    ("rows", "side", "kept"),
    [
        (Rows(90, 5, 0.001), 0.001, 1),
        (Rows(90, 5, 0.001), 0.0009, 0),
        (Rows(90, 6, None), 1 / 32, 1),  # a pixel of the input
        (Rows(90, 6, None), 0.031, 0),
    ],
)
def test_small_boxes_are_left_out(rows, side, kept):
    given = labels((0, 0.5, 0.5, side, 0.5))

    assert len(rows.of(given, WHOLE, np.arange(1), (32, 64))) == kept


def test_the_most_are_counted_before_the_small_ones_go():
    given = labels((0, 0.5, 0.5, 0, 0.5), (1, 0.5, 0.5, 0.5, 0.5), (2, 0.5, 0.5, 0.5, 0.5))

    found = Rows(2, 5, 0.001).of(given, WHOLE, np.array([0, 2, 1]), (32, 32))

    assert found[:, 4].tolist() == [2]


def test_unused_rows_are_zero():
    rows = Rows(3, 5, 0.001)

    found = rows.to_shape(rows.of(labels((1, 0.5, 0.5, 0.5, 0.5)), WHOLE, np.arange(1), (32, 32)))

    assert found.dtype == np.float32
    assert found.tolist() == [[0.5, 0.5, 0.5, 0.5, 1], [0] * 5, [0] * 5]


def test_a_cell_has_objectness_classes_the_place_in_it_and_the_size():
    given = labels((1, 0.75, 0.125, 0.5, 0.25))

    found = Grid(2, 3, 0.005).of(given, WHOLE, np.arange(1), (32, 32)).reshape(2, 2, 8)

    # x = .75 is in the middle of column 1, y = .125 a quarter down row 0
    assert found[0, 1].tolist() == [1, 0, 1, 0, 0.5, 0.25, 0.5, 0.25]
    assert found.sum() == found[0, 1].sum()


def test_the_first_box_of_a_cell_in_order_counts():
    given = labels((0, 0.2, 0.2, 0.1, 0.1), (2, 0.3, 0.3, 0.1, 0.1))

    found = Grid(2, 3, 0.005).of(given, WHOLE, np.array([1, 0]), (32, 32)).reshape(2, 2, 8)

    assert found[0, 0, :4].tolist() == [1, 0, 0, 1]


def test_small_boxes_make_no_cell():
    given = labels((0, 0.2, 0.2, 0.004, 0.1))

    assert not Grid(2, 3, 0.005).of(given, WHOLE, np.arange(1), (32, 32)).any()


def test_an_image_without_boxes_has_no_truth():
    assert Rows(90, 5, 0.001).of(labels(), WHOLE, np.arange(0), (32, 32)).shape == (0, 5)
    assert not Grid(2, 3, 0.005).of(labels(), WHOLE, np.arange(0), (32, 32)).any()


@pytest.mark.parametrize(
    "form", [Rows(90, 5, 0.001), Rows(9, 6, None), Grid(2, 3, 0.005)], ids=["rows", "fork", "grid"]
)
def test_boxes_are_read_back_from_the_truth(form):
    given = labels((1, 0.75, 0.125, 0.5, 0.25), (2, 0.25, 0.75, 0.25, 0.5))

    truth = form.to_shape(form.of(given, WHOLE, np.arange(2), (32, 32)))

    classes, found = form.boxes_of(truth)
    assert classes.tolist() == [1, 2]
    assert found.tolist() == given.boxes.tolist()


def test_a_label_without_a_place_is_no_box_of_the_truth():
    form = Rows(9, 5, 0.001)

    truth = form.to_shape(form.of(labels((1, 0, 0, 0, 0)), WHOLE, np.arange(1), (32, 32)))

    assert truth.any()
    assert len(form.boxes_of(truth)[0]) == 0
