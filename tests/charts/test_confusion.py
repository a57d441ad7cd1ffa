"""What a confusion matrix shows: read back from its axes."""

from __future__ import annotations

import numpy as np
import pytest

from pydarknet.charts.confusion import cell_text, confusion_figure, largest_part, shares_of
from pydarknet.charts.figure import pixels


def words(count: int) -> list[str]:
    """Return the names of classes, and nothing."""
    return [*(f"class {place}" for place in range(count)), "(nothing)"]


def test_a_cell_has_its_share_of_the_row_and_its_count():
    figure = confusion_figure(np.array([[3, 1, 0], [0, 0, 0], [2, 0, 0]]), words(2))

    [axes] = figure.axes
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert cells == {(0, 0): "75%\n3", (1, 0): "25%\n1", (0, 2): "100%\n2"}


@pytest.mark.parametrize(
    ("share", "count", "text"),
    [(0.5, 7, "50%\n7"), (0.004, 7, "7"), (1.0, 9999, "100%\n9999"), (1.0, 12345, "100%\n12k")],
)
def test_numbers_are_short(share, count, text):
    assert cell_text(share, count) == text


def test_what_is_right_is_blue_and_errors_are_orange_the_darker_the_more():
    axes = confusion_figure(np.array([[90, 10], [50, 50]]), words(1)).axes[0]

    image = axes.images[0].get_array()
    red, blue = image[..., 0], image[..., 2]
    assert blue[0, 0] > red[0, 0]
    assert red[0, 1] > blue[0, 1]
    assert image[1, 0].sum() < image[0, 1].sum()


def test_names_are_on_both_sides_as_they_are():
    axes = confusion_figure(np.eye(3, dtype=int), ["a $x$", "b", "(nothing)"]).axes[0]

    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [label.get_text() for label in labels] == ["a $x$", "b", "(nothing)"]
        assert not any(label.get_parse_math() for label in labels)


@pytest.mark.parametrize(("classes", "side"), [(2, 1000), (20, 1000), (80, 2754)])
def test_it_has_1000_pixels_and_as_many_as_its_cells_need(classes, side):
    counts = np.eye(classes + 1, dtype=int)

    height, width, _ = pixels(confusion_figure(counts, words(classes))).shape

    assert side <= width <= side + 400  # 81 cells of 34 pixels are 2754
    assert side <= height <= side + 400


def test_of_very_many_classes_those_with_most_errors_are_shown():
    counts = np.diag(np.full(1001, 5))
    counts[900, 3] = 7

    joined, names = largest_part(counts, words(1000))

    assert joined.shape == (121, 121)
    assert names[0] == "class 0"
    assert {"class 3", "class 900", "(881 others)"} <= set(names)
    assert joined.sum() == counts.sum()
    assert joined[names.index("class 900"), names.index("class 3")] == 7
    assert joined[names.index("(881 others)"), names.index("(881 others)")] == 881 * 5
    assert names[-1] == "(nothing)"


def test_an_empty_row_has_no_shares():
    assert shares_of(np.array([[0, 0], [1, 3]])).tolist() == [[0, 0], [0.25, 0.75]]


def test_names_of_30000_letters_are_shortened():
    counts = np.eye(2, dtype=int)

    width = pixels(confusion_figure(counts, ["a" * 30000, "(nothing)"])).shape[1]

    assert width <= 1200
