"""The end of the program."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import atexit, sys, threading, time
from pydarknet.system.ending import end_quickly, exit_with

class Slow:
    def __del__(self):
        print("taken apart")

end_quickly()
slow = Slow()
atexit.register(print, "at exit")
threading.Thread(target=lambda: (time.sleep(0.1), print("thread"))).start()
sys.stdout.write("no line end;")
{end}
"""


def run(end: str) -> subprocess.CompletedProcess[str]:
    """Run a program that ends so."""
    return subprocess.run(
        [sys.executable, "-c", CODE.format(end=end)], capture_output=True, text=True, check=False
    )


def test_threads_and_what_is_registered_come_first() -> None:
    done = run("exit_with(3)")

    assert done.returncode == 3
    assert done.stdout == "no line end;thread\nat exit\n"


def test_an_error_ends_as_ever() -> None:
    done = run("1 / 0")

    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "taken apart" in done.stdout
