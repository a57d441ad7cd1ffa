"""The thread that writes letters."""

from __future__ import annotations

import threading

import pytest

from pydarknet.boxes.letters import LettersThread


def nothing() -> None:
    pass


def test_without_a_thread_the_main_thread_writes():
    assert LettersThread(nothing).do(threading.current_thread) is threading.main_thread()


def test_for_another_thread_the_one_that_has_the_letters_is_started_and_writes():
    letters, asked = LettersThread(nothing), []
    caller = threading.Thread(target=lambda: asked.append(letters.do(threading.current_thread)))

    caller.start()
    caller.join()

    assert asked == [letters.thread]
    assert letters.do(threading.current_thread) is letters.thread


def test_what_is_written_may_itself_ask():
    letters = LettersThread(nothing)
    letters.start()

    assert letters.do(lambda: letters.do(lambda: 7)) == 7


def test_one_thread_writes_from_its_start_on_and_reads_the_letters_first():
    done = []
    letters = LettersThread(lambda: done.append(threading.current_thread()))
    letters.start()
    first = letters.do(threading.current_thread)
    letters.start()

    assert letters.do(threading.current_thread) is first is letters.thread
    assert done == [first]


def test_its_errors_are_the_caller_s_and_it_goes_on():
    letters = LettersThread(nothing)
    letters.start()

    with pytest.raises(ZeroDivisionError):
        letters.do(lambda: 1 // 0)
    assert letters.do(lambda: 1) == 1


def test_a_thread_that_is_no_more_writes_nothing(monkeypatch):
    letters = LettersThread(nothing)
    letters.start()
    monkeypatch.setattr(letters.thread, "is_alive", lambda: False)  # as in a process that forked

    assert letters.do(threading.current_thread) is threading.main_thread()
