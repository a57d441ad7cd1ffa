"""A signal ends a training between two iterations."""

import os
import signal
from threading import Thread

import pytest

from pydarknet.training.signals import HANGUP, catch_stop_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, HANGUP])
def test_a_signal_asks_for_an_end(number):
    with catch_stop_signals() as stop:
        assert not stop.requested

        os.kill(os.getpid(), number)

        assert stop.requested
        assert stop.number == number


def test_a_second_one_interrupts_at_once():
    with catch_stop_signals():
        os.kill(os.getpid(), signal.SIGTERM)

        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)


def test_a_terminal_that_closes_may_say_so_twice():
    with catch_stop_signals() as stop:
        os.kill(os.getpid(), HANGUP)
        os.kill(os.getpid(), HANGUP)

        assert stop.requested


def test_under_nohup_a_training_outlives_the_terminal(monkeypatch):
    before = signal.signal(HANGUP, signal.SIG_IGN)

    with catch_stop_signals() as stop:
        os.kill(os.getpid(), HANGUP)

    signal.signal(HANGUP, before)
    assert not stop.requested


def test_signals_are_answered_as_before_afterwards():
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(ValueError, match="wrong"), catch_stop_signals():
        raise ValueError("wrong")

    assert signal.getsignal(signal.SIGTERM) is before


def test_in_another_thread_signals_are_left_alone():
    handlers = []

    def work() -> None:
        with catch_stop_signals():
            handlers.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = Thread(target=work)
    thread.start()
    thread.join()

    assert handlers == [before]
