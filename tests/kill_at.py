"""A process that is killed at an instant of its choice: before it touches files of a folder."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

TOUCHES = (
    "open",
    "os.rename",
    "os.remove",
    "os.link",
    "os.truncate",
    "os.mkdir",
    "shutil.copyfile",
)


def die_at(place: int, folder: Path, number: int = signal.SIGKILL) -> None:
    """Let this process be killed just before it touches files of a folder for the n-th time."""
    count = [0]

    def watch(event: str, words: tuple[object, ...]) -> None:
        if event in TOUCHES and str(folder) in str(words[0]):
            count[0] += 1
            if count[0] == place:
                os.kill(os.getpid(), number)

    sys.addaudithook(watch)


def status_of(child: int) -> int:
    """Wait for a process; return its status, less than zero for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
