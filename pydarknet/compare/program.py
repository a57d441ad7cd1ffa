"""Another program, run in a folder of its own until it ends, fails or takes too long."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError, UsageError
from ..system.text import decode, excerpt

ERROR = re.compile(r"\berror\b", re.IGNORECASE)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
MOST_BYTES = 1 << 24  # of what is read of a program's output: its end


@dataclass(frozen=True)
class Output:
    """What a program wrote, and the status with which it ended; negative: the signal."""

    stdout: str
    stderr: str
    status: int

    @property
    def last_words(self) -> str:
        """The last line with an error, else the last of stderr, else of stdout; may be empty."""
        lines = [[*filter(None, map(str.strip, text.splitlines()))] for text in self.streams]
        errors = [line for text in lines for line in text if ERROR.search(line)]
        ends = [text[-1] for text in reversed(lines) if text]
        return excerpt([*errors[-1:], *ends, ""][0], 200)

    @property
    def streams(self) -> tuple[str, str]:
        """The texts of stdout and stderr without their colours."""
        return COLOUR.sub("", self.stdout), COLOUR.sub("", self.stderr)

    @property
    def ending(self) -> str:
        """How the program ended, in words."""
        if self.status < 0:
            try:
                return f"it was ended by {signal.Signals(-self.status).name}"
            except ValueError:
                return f"it was ended by signal {-self.status}"
        return f"it ended with status {self.status}"


@dataclass(frozen=True)
class Program:
    """A program file, and the seconds that one run of it may take."""

    path: Path
    seconds: float

    def run(self, words: Sequence[str], folder: Path) -> Output:
        """Run the program in a folder, without input, and return what it wrote.

        Raises DataError if it cannot be started, or takes too long: then all it started is ended.
        """
        streams = [folder / "stdout", folder / "stderr"]
        with streams[0].open("wb") as stdout, streams[1].open("wb") as stderr:
            try:
                process = subprocess.Popen(
                    [str(self.path), *words],
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    start_new_session=True,
                )
            except OSError as error:
                raise self.error(f"cannot be started: {error.strerror}") from None
            with no_survivors(process):
                try:
                    status = process.wait(self.seconds)
                except subprocess.TimeoutExpired:
                    problem = f"took more than {self.seconds:g} seconds: expected it to end"
                    raise self.error(problem, hint="-timeout N gives it N seconds") from None
        return Output(end_of(streams[0]), end_of(streams[1]), status)

    def error(self, problem: str, hint: str = "") -> DataError:
        """Make the error that names the program."""
        return DataError(problem, where=self.path, hint=hint)


@contextmanager
def no_survivors(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End a process that has not ended by itself, and all that it started."""
    try:
        yield
    finally:
        if process.poll() is None:
            if hasattr(os, "killpg"):
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()


def end_of(path: Path) -> str:
    """Return the text at the end of a file."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - MOST_BYTES, 0))
        return decode(file.read())


def find_program(name: str) -> Path:
    """Return the whole path of a program, from the working folder or as a command.

    Raises UsageError: it is missing, a folder, or not executable.
    """
    path = Path(name).expanduser()
    found = None if path.is_file() else shutil.which(name)
    if found:
        return Path(found).absolute()
    if not path.exists():
        raise UsageError(f"-darknet {name}: does not exist: expected a Darknet program")
    if path.is_dir():
        inside = path / "darknet"
        hint = f"-darknet {inside}" if inside.is_file() else ""
        raise UsageError(f"-darknet {name}: is a folder: expected a program", hint=hint)
    if not os.access(path, os.X_OK):
        problem = f"-darknet {name}: is not executable: expected a program"
        raise UsageError(problem, hint=f"chmod +x {name}")
    return path.absolute()
