"""The chart of a training: when it is drawn, by whom, and into which files."""

from __future__ import annotations

import cv2
import pytest
import torch

from pydarknet.charts.aside import Aside, png_of
from pydarknet.errors import DataError
from pydarknet.system.inputs import keep_inputs
from pydarknet.training import chart as module
from pydarknet.training.chart import TrainingChart
from pydarknet.training.learner import Step


def step(batch: int, average: float = 1.0) -> Step:
    """Return an iteration of an average loss."""
    return Step(batch, average, average, 0.001, 64)


@pytest.fixture
def started(monkeypatch) -> list:
    """Return the courses that a process is asked to draw; none is."""
    courses: list = []
    monkeypatch.setattr(Aside, "start", lambda self, course, write: courses.append(course))
    return courses


def test_the_last_picture_has_all_iterations(tmp_path):
    paths = tmp_path / "chart.png", tmp_path / "chart_a.png"
    chart = TrainingChart(paths, "a", 9)
    chart.add(step(1))
    chart.points.add_precision(1, 0.5)

    chart.finish()

    assert paths[0].read_bytes() == paths[1].read_bytes() == png_of(chart.course())
    assert cv2.imread(str(paths[0])).shape == (1000, 1000, 3)
    assert chart.course().losses.tolist() == [[1, 1, 0.001, 1, 1]]
    assert chart.course().precisions.tolist() == [[1, 0.5]]


def test_a_process_draws_once_a_minute(tmp_path, monkeypatch, started):
    chart = TrainingChart((tmp_path / "c.png",), "a", 9, drawn=1000.0)
    drawn = []

    for number, seconds in enumerate((0, 59, 60, 61, 119.9, 120), start=1):
        monkeypatch.setattr(module.time, "monotonic", lambda now=seconds: 1000 + now)
        chart.add(step(number))
        drawn.append(len(started))

    assert drawn == [0, 0, 1, 1, 1, 2]
    assert started[0].losses[:, 0].tolist() == [1, 2, 3]


def test_while_a_picture_is_drawn_no_other_is_begun(tmp_path, monkeypatch, started):
    monkeypatch.setattr(module, "EVERY", 0.0)
    monkeypatch.setattr(Aside, "is_busy", True)
    chart = TrainingChart((tmp_path / "c.png",), "a", 9)

    chart.add(step(1))

    assert started == []


def test_what_went_wrong_is_raised_before_the_next_picture(tmp_path, monkeypatch, started):
    monkeypatch.setattr(module, "EVERY", 0.0)
    chart = TrainingChart((tmp_path / "c.png",), "a", 9)
    chart.aside.error = DataError("the disk is full")

    with pytest.raises(DataError, match="the disk is full"):
        chart.add(step(1))
    chart.add(step(2))

    assert len(started) == 1


def test_the_last_picture_does_not_wait_for_one_that_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr("pydarknet.charts.aside.CODE", "import time; time.sleep(60)")
    monkeypatch.setattr(module, "EVERY", 0.0)
    chart = TrainingChart((tmp_path / "c.png",), "a", 9)
    chart.add(step(1))
    assert chart.aside.is_busy

    chart.finish()

    assert not chart.aside.is_busy
    assert (tmp_path / "c.png").is_file()


def test_the_points_of_earlier_sittings_are_drawn_again():
    chart = TrainingChart((), "a", 9)
    chart.add(step(1, 4.0))
    again = TrainingChart((), "a", 9)

    again.restore(chart.points.tensors())
    again.add(step(2, 3.0))

    assert again.course().losses[:, :2].tolist() == [[1, 4], [2, 3]]


def test_points_that_are_none_leave_the_chart_empty():
    chart = TrainingChart((), "a", 9)

    chart.restore({"chart.losses": torch.ones(7)})

    assert chart.course().losses.shape == (0, 5)


def test_a_picture_that_cannot_be_written_leaves_the_other(tmp_path):
    (tmp_path / "a.png").mkdir()

    with pytest.raises(DataError, match=r"a\.png: Is a directory"):
        TrainingChart((tmp_path / "a.png", tmp_path / "b.png"), "a", 9).finish()

    assert (tmp_path / "b.png").is_file()


def test_the_process_writes_over_nothing_that_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "EVERY", 0.0)
    (tmp_path / "c.png").write_text("an image of the list")
    chart = TrainingChart((tmp_path / "c.png",), "a", 9)

    with keep_inputs([tmp_path / "c.png"]):
        chart.add(step(1))
        chart.aside.thread.join(60)

    assert (tmp_path / "c.png").read_text() == "an image of the list"
    with pytest.raises(Exception, match=r"c\.png is read by this command"):
        chart.aside.check()
