"""Boxes as rows of numpy's arrays."""

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
