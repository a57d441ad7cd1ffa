"""The points of a chart: kept, joined where they are too many, and taken over."""

from __future__ import annotations

import pytest
import torch

from pydarknet.training.chart_points import MOST, MOST_PRECISIONS, ChartPoints, points_of
from pydarknet.training.learner import Step
from pydarknet.training.state import State


def steps(first: int, last: int, points: ChartPoints | None = None) -> ChartPoints:
    """Return points with iterations added, each with its own number as loss and average."""
    points = points or ChartPoints()
    for batch in range(first, last + 1):
        points.add(Step(batch, float(batch), float(batch), 0.001, 64))
    return points


def test_an_iteration_is_a_row():
    points = ChartPoints()

    points.add(Step(7, 3.0, 2.5, 0.01, 64))

    assert points.losses == [[7, 2.5, 0.01, 3.0, 3.0]]


def test_neighbours_are_joined_where_there_are_too_many():
    points = steps(1, MOST + 1)

    assert len(points.losses) == MOST // 2 + 1
    assert points.width == 2
    assert points.losses[:2] == [[2, 2.0, 0.001, 1.0, 2.0], [4, 4.0, 0.001, 3.0, 4.0]]
    assert points.losses[-1] == [MOST + 1, MOST + 1, 0.001, MOST + 1, MOST + 1]


def test_rows_stay_few_for_ever():
    points = steps(1, 40 * MOST)

    assert MOST // 2 < len(points.losses) <= MOST
    assert points.losses[0][3] == 1.0  # the least of all losses
    assert points.losses[-1][0] == 40 * MOST


def test_a_loss_that_is_no_number_does_not_hide_its_neighbours():
    points = steps(1, MOST - 1)
    points.add(Step(MOST, float("nan"), float("nan"), 0.001, 64))
    steps(MOST + 1, MOST + 1, points)

    assert points.losses[MOST // 2 - 1][3:] == [MOST - 1, MOST - 1]


@pytest.mark.parametrize("stop", [1, 3, 2048, 2049, 3000, 4097, 5000, 9001])
def test_a_training_that_resumes_has_the_points_of_one_that_never_stopped(stop):
    whole = steps(1, 10000)
    first = steps(1, stop)

    second = ChartPoints()
    second.restore(first.tensors())
    steps(stop + 1, 10000, second)

    assert second == whole


def test_precisions_stay_few_and_keep_the_best_and_the_last():
    points = ChartPoints()
    for number in range(5 * MOST_PRECISIONS):
        points.add_precision(number + 1, 0.9 if number == 10 else 0.5)

    assert len(points.precisions) <= MOST_PRECISIONS
    assert [11, 0.9] in points.precisions
    assert points.precisions[-1] == [5 * MOST_PRECISIONS, 0.5]
    assert points.precisions == sorted(points.precisions)


def test_states_of_before_had_averages_alone():
    points = ChartPoints()

    points.restore({"chart.losses": torch.tensor([[1.0, 4.0], [2.0, 3.0]])})

    assert points.tensors()["chart.losses"][:, [0, 1, 3, 4]].tolist() == [
        [1, 4, 4, 4],
        [2, 3, 3, 3],
    ]
    assert points.tensors()["chart.losses"][:, 2].isnan().all()


@pytest.mark.parametrize(
    "broken",
    [
        torch.zeros(0),
        torch.ones(3),
        torch.ones(3, 4),
        torch.ones(3, 5),  # one iteration three times
        torch.tensor([[2.0, 1, 1, 1, 1], [1.0, 1, 1, 1, 1]]),
        torch.tensor([[float("nan"), 1, 1, 1, 1]]),
        torch.tensor([[0.0, 1, 1, 1, 1]]),
        torch.tensor([[1.5, 1, 1, 1, 1]]),
        torch.tensor([[float("inf"), 1, 1, 1, 1]]),
        # 1025 iterations, each a multiple of 2^1013: no power of two tells how many a row is
        torch.tensor([[i * 2.0**1013, 1, 1, 1, 1] for i in range(1, 1026)], dtype=torch.float64),
    ],
)
def test_broken_points_are_left_out_and_the_others_stay(broken):
    points = ChartPoints()

    points.restore({"chart.losses": broken, "chart.precisions": torch.tensor([[4.0, 0.5]])})

    assert points.losses == []
    assert points.precisions == [[4, 0.5]]


def test_a_state_of_more_rows_than_are_kept_is_joined():
    points = ChartPoints()

    points.restore({"chart.losses": torch.tensor([[i, 1.0] for i in range(1, 5 * MOST + 1)])})

    assert len(points.losses) <= MOST
    assert points.losses[-1][0] == 5 * MOST


def test_the_points_of_a_state_are_those_of_its_chart():
    tensors = {"chart.losses": torch.ones(1, 5), "moving.a": torch.ones(1)}

    assert [*points_of(State({}, {}, tensors))] == ["chart.losses"]
    assert points_of(None) == {}
