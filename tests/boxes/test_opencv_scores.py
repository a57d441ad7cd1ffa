"""The scores that OpenCV 4's importer leaves."""

from __future__ import annotations

import numpy as np

from pydarknet.boxes.opencv_scores import limit_scores

BOX = [0.5, 0.5, 0.2, 0.2, 0.9]
NEAR = [0.51, 0.5, 0.2, 0.2, 0.8]  # overlaps by 0.19 of 0.21


def test_a_score_must_exceed_the_threshold():
    table = np.array([[[*BOX, 0.25, 0.5]]], np.float32)

    left = limit_scores(table, 0.25, 0)

    np.testing.assert_array_equal(left, np.array([[[*BOX, 0, 0.5]]], np.float32))
    assert table[0, 0, 5] == 0.25  # the rows that were given stay


def test_the_better_box_of_a_class_stays():
    table = np.array([[[*BOX, 0.4, 0.5], [*NEAR, 0.6, 0.3]]], np.float32)

    left = limit_scores(table, 0.2, 0.4)[0, :, 5:]

    np.testing.assert_array_equal(left, np.array([[0, 0.5], [0.6, 0]], np.float32))
    np.testing.assert_array_equal(limit_scores(table, 0.2, 0.95), table)
