"""The boxes in the outputs of an exported file."""

from __future__ import annotations

import numpy as np
import pytest

from pydarknet.errors import UsageError
from pydarknet.runtime.layouts import read_boxes

BOX, PIXELS, CORNERS = [0.5, 0.25, 0.2, 0.1], [50, 10, 20, 4], [40, 8, 60, 12]  # in 100 x 40


def one(layout: str, *outputs: list) -> tuple[list[float], list[float]]:
    """Return the only box and its scores."""
    arrays = [np.array(out, np.float32) for out in outputs]
    [found] = read_boxes(layout, arrays, (100, 40), 2, 1)
    [box], [scores] = found.boxes, found.probabilities
    return [round(float(x), 6) for x in box], [round(float(x), 6) for x in scores]


def test_merged():
    assert one("merged", [[[x] for x in (*PIXELS, 0.3, 0.6)]]) == (BOX, [0.3, 0.6])


def test_rows():
    assert one("rows", [[*BOX, 0.9, 0.3, 0.6]]) == (BOX, [0.3, 0.6])


def test_rows_of_several_heads_follow_each_other():
    tables = [np.zeros((2, 3, 7), np.float32), np.ones((2, 1, 7), np.float32)]

    first, second = read_boxes("rows", tables, (100, 40), 2, 2)

    assert first.objectness.tolist() == second.objectness.tolist() == [0, 0, 0, 1]


def test_a_class_that_a_head_lacks_has_no_score():
    tables = [np.array([[*BOX, 0.9, 0.3]]), np.array([[*BOX, 0.9, 0.3, 0.6]])]

    [found] = read_boxes("rows", tables, (100, 40), 1, 1)

    assert found.probabilities.tolist() == [[0.3, 0], [0.3, 0.6]]


def test_deepstream():
    assert one("deepstream", [[[*CORNERS, 0.6, 1]]]) == (BOX, [0, 0.6])


def test_nms():
    assert one("nms", [[0, *CORNERS, 1, 0.6]]) == (BOX, [0, 0.6])


def test_boxes_belong_to_their_image():
    rows = np.array([[1, *CORNERS, 1, 0.6]], np.float32)

    assert [len(found) for found in read_boxes("nms", [rows], (100, 40), 2, 2)] == [0, 1]


def test_a_layout_without_boxes_is_told():
    with pytest.raises(UsageError, match=r"^layout raw has no boxes: expected one of merged, rows"):
        read_boxes("raw", [], (1, 1), 1, 1)
