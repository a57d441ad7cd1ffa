"""The thread that draws."""

from __future__ import annotations

import threading

import cv2
import pytest

from pydarknet.boxes.draw import FONT
from pydarknet.boxes.letters import DrawingThread


def test_without_a_thread_the_caller_draws():
    assert DrawingThread().do(threading.current_thread) is threading.current_thread()


def test_one_thread_draws_from_its_start_on():
    drawing = DrawingThread()
    drawing.start()
    first = drawing.do(threading.current_thread)
    drawing.start()

    assert drawing.do(threading.current_thread) is first is drawing.thread
    assert drawing.do(lambda: cv2.getTextSize("x", FONT, 1, 1)[0][0]) > 0


def test_its_errors_are_the_caller_s_and_it_goes_on():
    drawing = DrawingThread()
    drawing.start()

    with pytest.raises(ZeroDivisionError):
        drawing.do(lambda: 1 // 0)
    assert drawing.do(lambda: 1) == 1


def test_a_thread_that_is_no_more_draws_nothing(monkeypatch):
    drawing = DrawingThread()
    drawing.start()
    monkeypatch.setattr(drawing.thread, "is_alive", lambda: False)  # as in a process that forked

    assert drawing.do(threading.current_thread) is threading.current_thread()
