"""What the curves of an evaluation show: read back from their axes."""

from __future__ import annotations

import numpy as np
import pytest

from pydarknet.charts.curves import (
    GRID,
    ClassCurve,
    chosen_classes,
    class_figure,
    curves_figure,
    envelope,
    mark_best,
    mean_of,
    panels_of,
    show_shares,
)
from pydarknet.charts.figure import COLOURS, new_figure, pixels


def curve(name: str = "a", average: float = 0.5, truths: int = 4) -> ClassCurve:
    """Return a class: right at 0.9, wrong at 0.8, right at 0.7."""
    scores, precision = np.array([0.9, 0.8, 0.7]), np.array([1, 1 / 2, 2 / 3])
    return ClassCurve(name, average, truths, scores, precision, np.array([1, 1, 2]) / truths)


EMPTY = ClassCurve("none", 0.0, 0, *(np.zeros(0) for _ in range(3)))


def legend_of(figure) -> list[str]:
    """Return the words of a figure's legend."""
    return [text.get_text().lstrip("\u200e") for text in figure.legends[0].get_texts()]


@pytest.mark.parametrize(
    ("confidence", "f1"),
    [(0.95, 0.0), (0.85, 0.4), (0.75, 1 / 3), (0.5, 4 / 7), (0.7, 1 / 3)],  # 0.7 is not above 0.7
)
def test_f1_is_of_the_detections_above_a_confidence(confidence, f1):
    one = curve()

    # precision 1, 1/2, 2/3 and recall 1/4, 1/4, 2/4
    assert one.at(np.array([confidence]), one.f1, 0.0)[0] == pytest.approx(f1)


def test_a_class_without_a_right_detection_has_an_f1_of_0():
    wrong = ClassCurve("a", 0.0, 1, np.array([0.9]), np.array([0.0]), np.array([0.0]))

    assert wrong.f1.tolist() == [0.0]


def test_the_picture_of_a_class_has_its_curve_and_the_thresholds_point():
    figure = class_figure(curve("dog", 0.4321), 0.75)

    left, right = figure.axes
    line, point = left.lines
    assert line.get_xdata().tolist() == [0.25, 0.25, 0.5]
    assert line.get_ydata().tolist() == [1, 0.5, 2 / 3]
    assert point.get_xydata().tolist() == [[0.25, 0.5]]
    assert [text.get_text() for text in right.get_legend().get_texts()] == [
        "precision",
        "recall",
        "F1",
    ]
    assert figure.texts[0].get_text() == "dog: average precision 43.21%"
    assert pixels(figure).shape == (680, 1200, 3)


def test_the_best_f1_is_marked():
    _, right = class_figure(curve(), 0.25).axes

    assert [text.get_text() for text in right.texts] == ["best F1 0.57 at 0.00", "-thresh 0.25"]


@pytest.mark.parametrize("place", [0.0, 0.1, 0.2, 0.25, 0.4, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("thresh", [0.1, 0.25, 0.5, 0.9])
def test_the_words_of_the_best_f1_are_in_the_panel_and_clear_of_the_threshold(place, thresh):
    figure = new_figure(1200, 680)
    axes = panels_of(figure)[1]
    show_shares(axes, "confidence", "F1")

    mark_best(axes, np.where(np.isclose(GRID, place), 0.5, 0), thresh)

    [words] = axes.texts
    box = words.get_window_extent(figure.canvas.get_renderer())
    (left, _), (right, _) = axes.transData.inverted().transform(box)
    assert -0.01 <= left < right <= 1.01
    assert not left <= thresh <= right


@pytest.mark.parametrize("classes", [[], [EMPTY], [curve()], [curve(), EMPTY]])
def test_any_classes_can_be_drawn(classes):
    figure = curves_figure(classes, 0.5, 0.25)

    assert pixels(figure).shape == (800, 1500, 3)
    for one in classes:
        assert pixels(class_figure(one, 0.25)).shape == (680, 1200, 3)


def test_up_to_ten_classes_have_a_colour_each_the_best_first():
    figure = curves_figure([curve("a", 0.1), curve("b $x$", 0.9), EMPTY], 0.5, 0.25)

    assert legend_of(figure) == ["mean of all classes", "90.0%  b $x$", "10.0%  a"]
    assert figure.texts[1].get_text() == "2 of 3 classes with true boxes"


def test_one_class_has_no_mean_beside_it():
    figure = curves_figure([curve("a", 0.1), EMPTY], 0.05, 0.25)

    assert legend_of(figure) == ["10.0%  a"]
    assert len(figure.axes[0].lines) == 1


def test_of_more_classes_the_best_and_the_worst_have_one():
    classes = [curve(f"c{place}", place / 100) for place in range(80)]

    figure = curves_figure(classes, 0.4, 0.25)

    names = [one.name for one in chosen_classes(classes)]
    assert names == ["c79", "c78", "c77", "c76", "c75", "c4", "c3", "c2", "c1", "c0"]
    assert len(set(COLOURS)) == 10
    assert legend_of(figure)[-1] == "70 classes between"
    assert len(figure.axes[0].lines) == 81


def test_the_envelope_is_the_best_precision_at_a_recall_or_beyond():
    recalls = np.array([0, 0.25, 0.26, 0.5, 0.51])

    assert envelope(curve(), recalls).tolist() == [1, 1, 2 / 3, 2 / 3, 0]


def test_the_mean_of_no_curves_is_0():
    assert mean_of([], 3).tolist() == [0, 0, 0]
    assert mean_of([np.array([1.0, 0]), np.array([0, 0.5])], 2).tolist() == [0.5, 0.25]
