"""What the cloud of boxes and anchors shows: read back from its axes."""

from __future__ import annotations

import numpy as np
import pytest

from pydarknet.charts.cloud import MOST, cloud_figure
from pydarknet.charts.figure import pixels


def cloud(sizes, centers, nearest):
    """Return the picture of boxes whose IoU with their anchors is 0.5."""
    sizes, centers = np.array(sizes, np.float32), np.array(centers, np.float32).reshape(-1, 2)
    overlaps = np.full(len(sizes), 0.5, np.float32)
    return cloud_figure(sizes.reshape(-1, 2), centers, np.array(nearest, int), overlaps, "64 x 64")


def test_boxes_are_dots_in_the_colour_of_their_anchor():
    figure = cloud([[10, 20], [11, 21], [40, 30]], [[10, 20], [40, 30]], [0, 0, 1])

    first, second, *anchors = figure.axes[0].lines
    assert first.get_xydata().tolist() == [[10, 20], [11, 21]]
    assert second.get_xydata().tolist() == [[40, 30]]
    assert [line.get_xydata().tolist() for line in anchors] == [[[10, 20]], [[40, 30]]]
    assert first.get_color() == anchors[0].get_color() != second.get_color()


def test_anchors_have_numbers_and_a_table():
    figure = cloud([[10, 20], [11, 21], [40, 30]], [[10, 20], [40.25, 30]], [0, 0, 1])

    assert [text.get_text() for text in figure.axes[0].texts] == ["0", "1"]
    words = [text.get_text() for text in figure.texts]
    assert words[:2] == ["2 anchors", "3 boxes, input of 64 x 64 pixels, mean IoU 50.00%"]
    assert words[6:] == ["0", "10, 20", "67%", "0.50", "1", "40.25, 30", "33%", "0.50"]


@pytest.mark.parametrize(
    ("centers", "scale"), [([[10, 20], [40, 79]], "linear"), ([[10, 20], [40, 80]], "log")]
)
def test_anchors_that_span_much_are_on_logarithmic_axes(centers, scale):
    axes = cloud([[10, 20]], centers, [0]).axes[0]

    assert axes.get_xscale() == axes.get_yscale() == scale
    for x, y in centers:
        assert axes.get_xlim()[0] <= x <= axes.get_xlim()[1]
        assert axes.get_ylim()[0] <= y <= axes.get_ylim()[1]


@pytest.mark.parametrize(
    ("sizes", "centers"),
    [
        (np.zeros((0, 2)), [[10, 20]]),
        ([[0, 0], [1, 1]], [[0, 0]]),
        ([[0, 5], [90, 0]], [[1, 60]]),
        ([[float("inf"), 5], [float("nan"), 0]], [[1, 60]]),
        ([[5, 5]], [[3, 3]] * 60),
    ],
)
def test_any_boxes_can_be_drawn(sizes, centers):
    assert pixels(cloud(sizes, centers, [0] * len(sizes))).shape == (1000, 1240, 3)


def test_of_very_many_boxes_some_are_drawn():
    axes = cloud(np.ones((MOST + 5, 2)), [[1, 1]], [0] * (MOST + 5)).axes[0]

    assert len(axes.lines[0].get_xdata()) == MOST
