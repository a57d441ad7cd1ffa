"""What a file of 8-bit integers costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydarknet.errors import DataError
from pydarknet.export.costs import Costs


def test_without_truth_only_the_times_are_known():
    costs = Costs(times=(1.25, 2.5), maps=None)

    costs.check(Path("a.onnx"))
    assert list(costs.lines()) == ["a run: 1.2 ms in float, 2.5 ms in int8"]


def test_more_than_two_points_lost_are_an_error():
    Costs(times=(1.0, 2.0), maps=(0.5, 0.4801)).check(Path("a.onnx"))

    with pytest.raises(DataError, match=r"^a\.onnx: int8 loses 2\.01 points of mAP, 50\.00% to 47"):
        Costs(times=(1.0, 2.0), maps=(0.5, 0.4799)).check(Path("a.onnx"))
