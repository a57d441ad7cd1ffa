"""The bar that a terminal shows of a training."""

import pytest

from pydarknet.training.learner import Step
from pydarknet.training.progress import Progress


@pytest.fixture
def bar():
    """A bar at the third iteration of ten."""
    progress = Progress(3, 10)
    yield progress
    progress.close()


def test_an_iteration_shows_loss_rate_and_speed(bar):
    bar.update(Step(4, 9.0, 1.234, 0.001, 64), seconds=2.0)

    assert bar.bar.n == 4
    assert bar.bar.postfix == "loss=1.23, rate=0.001, images/s=32.0"


def test_no_time_at_all_divides_nothing_by_0(bar):
    bar.update(Step(4, 9.0, 1.0, 0.001, 64), seconds=0.0)

    assert "images/s=64000000000.0" in bar.bar.postfix


def test_lines_are_written_where_the_bar_is_not(bar, monkeypatch):
    calls = []
    monkeypatch.setattr(bar.bar, "clear", lambda: calls.append("clear"))
    monkeypatch.setattr(bar.bar, "refresh", lambda: calls.append("refresh"))

    with bar.aside():
        calls.append("a line")

    assert calls == ["clear", "a line", "refresh"]
