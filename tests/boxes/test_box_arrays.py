"""Boxes as rows of numpy's arrays."""

from dataclasses import replace

import numpy as np
import pytest

from pydarknet.boxes.box_arrays import BoxArrays, Detection


@pytest.fixture
def three() -> BoxArrays:
    """Three boxes of two classes; the second has no class left."""
    boxes = np.array([[0.5, 0.5, 0.5, 0.25], [0.25, 0.25, 0.5, 0.5], [0.75, 0.5, 0.25, 1]])
    scores = np.array([[0.25, 0.75], [0, 0], [0.5, 0.5]])
    return BoxArrays(boxes, np.array([1, 0.5, 0.25]), scores, names=("cat",))


def test_a_box_has_its_best_class_and_the_first_of_equals(three):
    assert three.classes.tolist() == [1, 0, 0]
    assert three.scores.tolist() == [0.75, 0, 0.5]


def test_a_class_beyond_the_names_has_none(three):
    assert [three.name(index) for index in (0, 1)] == ["cat", None]


def test_iterating_gives_a_detection_a_box(three):
    assert list(three)[2] == Detection("cat", 0, 0.5, (0.75, 0.5, 0.25, 1.0), 0.25)


def test_boxes_that_are_kept_have_a_class(three):
    assert three.kept().objectness.tolist() == [1, 0.25]


def test_boxes_are_taken_in_the_order_of_the_index(three):
    assert three.take([2, 0]).objectness.tolist() == [0.25, 1]


def test_boxes_are_split_by_counts(three):
    assert [len(part) for part in three.split([1, 0, 2])] == [1, 0, 2]
    assert three.split([1, 2])[1].objectness.tolist() == [0.5, 0.25]


def test_edges_are_pixels_of_the_image(three):
    assert three.xyxy(8, 4)[0].tolist() == [2, 1.5, 6, 2.5]  # 4 +- 2 across, 2 +- 0.5 down


@pytest.mark.parametrize("place", [2, -1, np.int64(2), np.array(2)])
def test_a_number_gives_a_detection(three, place):
    assert three[place] == Detection("cat", 0, 0.5, (0.75, 0.5, 0.25, 1.0), 0.25)


@pytest.mark.parametrize("place", [3, -4])
def test_a_number_beyond_the_boxes_is_an_index_error(three, place):
    with pytest.raises(IndexError, match=f"box {place}: expected one of 3"):
        three[place]


@pytest.mark.parametrize("place", ["cat", 1.0, None])
def test_what_is_no_number_is_a_type_error(three, place):
    with pytest.raises(TypeError):
        three[place]


@pytest.mark.parametrize(
    ("rows", "objectness"),
    [
        (slice(1, None), [0.5, 0.25]),
        (slice(None, None, -1), [0.25, 0.5, 1]),
        (slice(5, 9), []),
        ([2, 0], [0.25, 1]),
        ([], []),
        (np.array([True, False, True]), [1, 0.25]),
    ],
)
def test_a_slice_a_list_or_a_mask_gives_boxes(three, rows, objectness):
    some = three[rows]

    assert some.objectness.tolist() == objectness
    assert some.names == ("cat",)


def test_boxes_are_shown_by_their_labels(three):
    assert repr(three) == "BoxArrays(3: 1 0.75, cat 0.00, cat 0.50)"
    assert repr(three[:0]) == "BoxArrays(0)"
    assert repr(three[[0] * 7]) == f"BoxArrays(7: {', '.join(['1 0.75'] * 5)}, ...)"


def test_a_detection_is_shown_in_a_line(three):
    assert repr(three[2]) == "Detection(cat 0.50 at 0.750, 0.500, size 0.250 x 1.000)"


def test_a_name_that_would_steer_a_terminal_is_shown_without(three):
    found = replace(three, names=("a\x1b[2Jb\n",))

    assert found[2].label == "a?[2Jb? 0.50"
