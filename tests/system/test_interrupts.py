"""A signal ends the program with its status, its files closed, and without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest
from conftest import HERE

from pydarknet.system.interrupts import block_interrupts, quit_on_interrupt_inside

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")

# A signal comes in the middle of a command, which has a file to close.
SIGNALLED = """
import os, signal, sys
from pydarknet.cli import main as program
signal.signal(signal.SIGINT, signal.default_int_handler)
def run(words):
    try:
        {place}
    finally:
        print("closed")
program.run = run
program.entry()
"""
IN_PLAIN_CODE = "os.kill(os.getpid(), signal.{signal})"
IN_FREED_OBJECT = """
        class Freed:
            def __del__(self):
                os.kill(os.getpid(), signal.{signal})
        Freed()
        print("went on")
"""


def ended(place: str, number: str) -> tuple[int, str, str]:
    """Return the status, stdout and stderr of a command to which a signal comes at a place."""
    code = SIGNALLED.format(place=place.format(signal=number).strip())
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@posix
@pytest.mark.parametrize(("number", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_closes_the_files_and_is_the_status(number, status):
    assert ended(IN_PLAIN_CODE, number) == (status, "closed\n", "")


@posix
@pytest.mark.parametrize(("number", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_that_cannot_be_raised_ends_the_program_too(number, status):
    assert ended(IN_FREED_OBJECT, number) == (status, "", "")


@posix
def test_an_interrupt_of_the_blocked_thread_comes_after_the_block():
    seen = []
    before = signal.signal(signal.SIGINT, lambda *_: seen.append("signal"))

    with block_interrupts():
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        seen.append("inside")
    signal.signal(signal.SIGINT, before)

    assert seen == ["inside", "signal"]


@posix
def test_a_process_that_is_started_in_the_block_gets_none():
    code = "import os, signal; os.kill(os.getpid(), signal.SIGINT); print('alive')"

    with block_interrupts():
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, "alive\n")


def test_a_block_of_imports_leaves_the_handler_as_it_was():
    before = signal.getsignal(signal.SIGINT)

    with quit_on_interrupt_inside():
        pass

    assert signal.getsignal(signal.SIGINT) is before
