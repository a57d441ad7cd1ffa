"""A chart drawn by a process of its own, for Python runs one thread of a process at a time."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path
from typing import Final

from ..errors import DarknetError, DataError
from ..image.files import encode
from .figure import pixels
from .library import check_installed
from .training import Course, training_figure

CODE: Final = (
    "import sys; sys.path[:] = sys.argv[1:];"
    " from pydarknet.charts.aside import draw_asked; draw_asked()"
)
PATIENCE: Final = 600  # seconds until the process is given up
LEAST: Final = 19  # the niceness of what may wait for all else
WINDOWS: Final = ("BELOW_NORMAL_PRIORITY_CLASS", "CREATE_NO_WINDOW", "CREATE_NEW_PROCESS_GROUP")

Write = Callable[[bytes], None]


def png_of(course: Course) -> bytes:
    """Return the chart of a training as the content of a PNG file. Raises MissingPackage."""
    return encode(pixels(training_figure(course)), Path("chart.png"))


class Aside:
    """Draws a chart at a time in a process of the least priority, and hands over the PNG."""

    def __init__(self) -> None:
        self.thread: threading.Thread | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.error: DarknetError | None = None
        self.is_stopped = False

    @property
    def is_busy(self) -> bool:
        """Whether a chart is being drawn."""
        return self.thread is not None and self.thread.is_alive()

    def check(self) -> None:
        """Raise what went wrong with the last chart, once."""
        error, self.error = self.error, None
        if error:
            raise error

    def start(self, course: Course, write: Write) -> None:
        """Begin to draw; `write` gets the PNG in another thread. Nothing here waits for that.

        A program that is packed without an interpreter draws nothing. Raises MissingPackage.
        """
        check_installed()
        if not sys.executable or hasattr(sys, "frozen"):
            return
        work = copy_context().run  # which knows the files that are not written over
        self.thread = threading.Thread(
            target=work, args=(self.draw, course, write), name="chart", daemon=True
        )
        self.thread.start()

    def draw(self, course: Course, write: Write) -> None:
        """Let the process draw, and hand over what it answers."""
        try:
            write(self.answer(pickle.dumps(course)))
        except DarknetError as error:
            self.error = error
        except OSError as error:
            self.error = DataError(f"no process can draw it: {error.strerror}")

    def answer(self, asked: bytes) -> bytes:
        """Return what the process writes. Raises OSError, and DataError with its last words."""
        with subprocess.Popen(
            [sys.executable, "-I", "-c", CODE, *search_path()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=sum(getattr(subprocess, name, 0) for name in WINDOWS),
            start_new_session=True,  # the terminal's Ctrl-C is not for it
        ) as process:
            self.process = process
            if self.is_stopped:
                process.kill()
            try:
                content, told = process.communicate(asked, PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                raise DataError(f"it took more than {PATIENCE} seconds") from None
        if process.returncode:
            words = told.decode(errors="replace").strip().splitlines() or ["no word"]
            raise DataError(f"the process that draws it failed: {words[-1]}")
        return content

    def stop(self) -> None:
        """End what is being drawn; what is being written is complete when this returns."""
        self.is_stopped = True
        if self.process is not None:
            self.process.kill()
        if self.thread is not None:
            self.thread.join()
        self.is_stopped, self.error = False, None


def search_path() -> list[str]:
    """Return where this process finds modules, this package first."""
    return [str(Path(__file__).parents[2]), *(os.path.abspath(path) for path in sys.path)]


def draw_asked() -> None:
    """Draw what stdin asks for, and write the PNG to stdout: all that the process does."""
    if hasattr(os, "nice"):
        os.nice(LEAST)
    course = pickle.load(sys.stdin.buffer)
    sys.stdout.buffer.write(png_of(course))
    sys.stdout.buffer.flush()
