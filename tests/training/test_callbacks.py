"""How a callback ends a training."""

from __future__ import annotations

import pytest

from pydarknet import Stop
from pydarknet.training.callbacks import IterationReport, asks_to_stop
from pydarknet.training.learner import Step

REPORT = IterationReport(Step(1, 2.0, 2.0, 0.1, 4), 0.5, 0.1, 32, 32, None)


def stop(report: IterationReport) -> None:
    raise Stop("enough")


@pytest.mark.parametrize(
    ("callback", "asked"),
    [
        (lambda report: None, False),
        (lambda report: True, False),
        (lambda report: 0, False),  # what a writer returns is no answer
        (lambda report: False, True),
        (stop, True),
    ],
)
def test_false_and_stop_end_a_training(callback, asked: bool) -> None:
    assert asks_to_stop(callback, REPORT) is asked


def test_an_error_of_a_callback_is_its_own() -> None:
    with pytest.raises(ZeroDivisionError):
        asks_to_stop(lambda report: 1 / 0, REPORT)


def test_a_report_is_shown_with_its_figures_only() -> None:
    assert repr(REPORT).endswith("seconds=0.5, loading=0.1, width=32, height=32, map=None)")
