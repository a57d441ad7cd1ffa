"""What a file of 8-bit integers costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydarknet.errors import DataError
from pydarknet.export.costs import Costs


def test_without_truth_only_the_times_are_known():
    costs = Costs(times=(1.25, 2.5))

    costs.check(Path("a.onnx"))
    assert list(costs.lines()) == ["a run: 1.2 ms in float, 2.5 ms in int8"]


def test_each_share_has_a_line():
    costs = Costs(times=(1.25, 2.5), shares={"top 1": (0.75, 0.7375), "top 5": (0.9, 0.91)})

    assert list(costs.lines())[:2] == [
        "top 1: 75.00% in float, 73.75% in int8: 1.25 points lost",
        "top 5: 90.00% in float, 91.00% in int8: -1.00 points lost",
    ]


def test_more_than_two_points_lost_of_any_share_are_an_error():
    shares = {"top 1": (0.5, 0.4801), "top 5": (0.9, 0.9)}
    Costs(times=(1.0, 2.0), shares=shares).check(Path("a.onnx"))

    with pytest.raises(
        DataError, match=r"^a\.onnx: int8 loses 2\.01 points of top 5, 90\.00% to 87"
    ):
        Costs(times=(1.0, 2.0), shares=shares | {"top 5": (0.9, 0.8799)}).check(Path("a.onnx"))
