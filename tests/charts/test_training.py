"""What the chart of a training shows: read back from its axes."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from pydarknet.charts.figure import GREEN, pixels
from pydarknet.charts.training import Course, labelled_rows, training_figure

NONE = np.zeros((0, 2))


def losses(values: list[float], rate: float = 0.001) -> np.ndarray:
    """Return rows of an iteration each, with these losses."""
    rows = [[at, value, rate, value, value] for at, value in enumerate(values, start=1)]
    return np.array(rows, np.float64).reshape(-1, 5)


def course(values: list[float], precisions: list[tuple[float, float]] = [], **more) -> Course:  # noqa: B006
    """Return the course of a training of 100 iterations."""
    return Course("net", 100, losses(values), np.array(precisions).reshape(-1, 2), **more)


def lines(axes) -> list[list[list[float]]]:
    """Return the points of the lines of axes."""
    return [line.get_xydata().tolist() for line in axes.lines]


def names(figure) -> list[str]:
    """Return what the panels show, from above."""
    return [axes.get_ylabel() for axes in figure.axes]


def test_average_losses_are_a_line_over_their_iterations():
    loss, rate = training_figure(course([4.0, 2.0])).axes

    assert lines(loss) == [[[1, 4.0], [2, 2.0]]]
    assert lines(rate) == [[[1, 0.001], [2, 0.001]]]


def test_precisions_are_points_in_percent_with_numbers_and_a_star_at_the_best():
    figure = training_figure(course([4.0, 2.0, 1.0], [(1, 0.5), (2, 0.7555), (3, 0.6)]))

    _, precision, _ = figure.axes
    assert lines(precision) == [[[1, 50.0], [2, 75.55], [3, 60.0]], [[2, 75.55]]]
    assert precision.lines[1].get_marker() == "*"
    assert sorted(text.get_text() for text in precision.texts) == ["50.0", "60.0", "75.5"]
    [best] = [text for text in precision.texts if text.get_text() == "75.5"]
    assert to_hex(best.get_color()) == GREEN.lower()


def test_a_precision_below_one_percent_has_the_headings_digits():
    figure = training_figure(course([4.0], [(1, 0.0015)]))

    assert [text.get_text() for text in figure.axes[1].texts] == ["0.15"]
    assert any("mAP 0.15%" in text.get_text() for text in figure.texts)


@pytest.mark.parametrize(
    ("values", "precisions", "panels"),
    [
        ([1.0], [(1, 0.5)], ["loss", "mAP", "learning rate"]),
        ([1.0], [], ["loss", "learning rate"]),
        ([], [(1, 0.5)], ["mAP"]),
        ([], [], ["loss"]),
    ],
)
def test_what_has_no_points_has_no_panel(values, precisions, panels):
    figure = training_figure(course(values, precisions))

    assert names(figure) == panels
    assert pixels(figure).shape == (1000, 1000, 3)


@pytest.mark.parametrize(
    ("values", "scale"),
    [([10.0, 1.0], "log"), ([9.0, 1.0], "linear"), ([0.0, 0.0], "linear"), ([20.0, 0.0], "linear")],
)
def test_losses_that_span_a_decade_are_drawn_logarithmically(values, scale):
    loss = training_figure(course(values)).axes[0]

    assert loss.get_yscale() == scale
    low, high = loss.get_ylim()
    assert low <= min(v for v in values if v or scale == "linear")
    assert high >= max(values)


def test_the_cfg_may_say_where_the_axis_of_the_loss_ends():
    assert training_figure(course([500.0, 3.0], most=20.0)).axes[0].get_ylim()[1] == 20.0


def test_a_loss_that_is_no_number_is_a_gap_that_is_marked():
    loss = training_figure(course([3.0, float("nan"), 2.0])).axes[0]

    average, marks = loss.lines
    assert np.isnan(average.get_ydata()[1])
    assert marks.get_xdata().tolist() == [2]
    assert marks.get_label() == "no number"


@pytest.mark.parametrize("precisions", [[(1, float("nan"))], [(1, 0.0)], [(1, 1.0), (2, 1.0)]])
def test_any_precision_can_be_drawn(precisions):
    figure = training_figure(course([float("nan")], precisions))

    assert pixels(figure).shape == (1000, 1000, 3)
    low, high = figure.axes[1].get_ylim()
    assert low < high


def test_the_heading_says_how_far_it_is_and_the_newest_numbers():
    figure = training_figure(course([4.0, 2.0], [(1, 0.5), (2, 0.25)]))

    assert [text.get_text() for text in figure.texts] == [
        "net: iteration 2 of 100 (2%)",
        "average loss 2    learning rate 0.001    mAP 25.00%, best 50.00% at 1",
    ]


def test_a_training_without_an_end_has_no_share():
    figure = training_figure(Course("net", 0, losses([1.0]), NONE))

    assert figure.texts[0].get_text() == "net: iteration 1"


def test_numbers_keep_apart_and_best_and_last_are_always_there():
    precisions = [(at, 0.5 + (at == 40)) for at in range(1, 101)]

    rows = labelled_rows(course([1.0] * 100, precisions))

    assert {39, 99} <= set(rows)
    # 880 pixels of 100 iterations: 64 pixels are 8 of them
    assert np.diff(sorted(rows)).min() >= 8
    assert len(rows) > 5


def test_the_same_course_gives_the_same_picture():
    first, second = (pixels(training_figure(course([3.0, 1.0], [(2, 0.5)]))) for _ in range(2))

    np.testing.assert_array_equal(first, second)
