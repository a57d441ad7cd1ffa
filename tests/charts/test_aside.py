"""A chart that another process draws, while this one goes on."""

from __future__ import annotations

import io
import os
import pickle
import sys
import time

import numpy as np
import pytest

from pydarknet.charts import aside
from pydarknet.charts.aside import Aside, draw_asked, png_of
from pydarknet.charts.training import Course
from pydarknet.errors import DataError, MissingPackage

COURSE = Course("a", 9, np.array([[1.0, 2.0, 0.1, 2.0, 2.0]]), np.zeros((0, 2)))


def end_of(drawing: Aside) -> None:
    """Wait until a chart is drawn, and raise what went wrong."""
    assert drawing.thread
    drawing.thread.join(300)  # it may wait for all else
    drawing.check()


def test_the_process_draws_what_this_one_would():
    written, drawing = [], Aside()

    drawing.start(COURSE, written.append)
    end_of(drawing)

    assert written == [png_of(COURSE)]
    assert not drawing.is_busy


def test_to_start_waits_for_nothing(monkeypatch):
    monkeypatch.setattr(aside, "CODE", "import time; time.sleep(60)")
    drawing = Aside()

    start = time.perf_counter()
    drawing.start(COURSE, lambda content: None)
    began = time.perf_counter() - start
    busy = drawing.is_busy
    drawing.stop()

    assert began < 1
    assert busy
    assert not drawing.is_busy
    drawing.check()  # a chart that was stopped is no error


def test_it_has_the_least_priority(monkeypatch, capfdbinary):
    here = os.nice(0)
    nice = []
    monkeypatch.setattr(os, "nice", nice.append)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(pickle.dumps(COURSE))))

    draw_asked()

    assert nice == [19]
    assert capfdbinary.readouterr().out == png_of(COURSE)
    assert os.nice.__self__ is nice
    assert here >= -20


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise SystemExit('no room')", "the process that draws it failed: no room"),
        ("import os; os._exit(3)", "the process that draws it failed: no word"),
    ],
)
def test_a_process_that_fails_is_told_with_its_last_words(monkeypatch, code, words):
    monkeypatch.setattr(aside, "CODE", code)
    drawing = Aside()
    drawing.start(COURSE, lambda content: pytest.fail("nothing was drawn"))

    with pytest.raises(DataError, match=words):
        end_of(drawing)
    drawing.check()  # once


def test_a_process_that_cannot_start_is_told(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    drawing = Aside()
    drawing.start(COURSE, lambda content: None)

    with pytest.raises(DataError, match="no process can draw it: No such file"):
        end_of(drawing)


def test_what_cannot_be_written_is_told():
    def refuse(content: bytes) -> None:
        raise DataError("chart.png is read by this command")

    drawing = Aside()
    drawing.start(COURSE, refuse)

    with pytest.raises(DataError, match=r"chart\.png is read"):
        end_of(drawing)


def test_a_process_that_takes_too_long_ends(monkeypatch):
    monkeypatch.setattr(aside, "CODE", "import time; time.sleep(60)")
    monkeypatch.setattr(aside, "PATIENCE", 0.2)
    drawing = Aside()
    drawing.start(COURSE, lambda content: None)

    with pytest.raises(DataError, match="it took more than"):
        end_of(drawing)


def test_a_packed_program_starts_none(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    drawing = Aside()

    drawing.start(COURSE, lambda content: pytest.fail("nothing draws"))

    assert drawing.thread is None


def test_without_matplotlib_none_is_started(monkeypatch):
    monkeypatch.delitem(sys.modules, "matplotlib", raising=False)
    monkeypatch.setattr("pydarknet.charts.library.find_spec", lambda name: None)

    with pytest.raises(MissingPackage):
        Aside().start(COURSE, lambda content: None)
