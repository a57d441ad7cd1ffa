"""What packages say of themselves, each asked in a process of its own: an import may crash.

A probe is a module here with a function `look` that returns what JSON can hold.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, Final

PATIENCE: Final = 120.0  # seconds
CODE: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    " from importlib import import_module; look = import_module(sys.argv[2]).look;"
    " print('\\n' + json.dumps(look()))"
)
QUIET: Final = {  # a probe compiles, measures and reports nothing
    "PYDARKNET_CACHE_SIZE": "0",
    "PYDARKNET_TUNE": "off",
    "OPENCV_LOG_LEVEL": "SILENT",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
    "ORT_DISABLE_TELEMETRY": "1",
}


@dataclass(frozen=True)
class Answer:
    """What a probe says, or what went wrong, in one line."""

    said: dict[str, Any]
    problem: str = ""


@dataclass(frozen=True)
class Probe:
    """A process that asks a package."""

    process: subprocess.Popen[bytes] | None
    problem: str = ""

    def answer(self, patience: float = PATIENCE) -> Answer:
        """Wait for the process, and return what it says."""
        if self.process is None:
            return Answer({}, self.problem)
        try:
            out, err = self.process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            return Answer({}, f"gives no answer in {patience:g} s")
        status = self.process.returncode
        if status == 0:
            try:
                return Answer(dict(json.loads(out.splitlines()[-1])))
            except (IndexError, TypeError, ValueError):
                return Answer({}, "gives no answer")
        return Answer({}, signal_of(status) if status < 0 else last_line(err))


def start_probe(name: str) -> Probe:
    """Start the process of a probe: a module of this package."""
    words = [sys.executable, "-c", CODE, json.dumps(sys.path), f"{__package__}.{name}"]
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    env = {**os.environ, **QUIET}
    try:
        process = subprocess.Popen(
            words, env=env, cwd=there(), stdin=null, stdout=pipe, stderr=pipe
        )
    except (OSError, ValueError) as error:
        return Probe(None, f"no process can be started: {error}")
    return Probe(process)


def there() -> str | None:
    """Return another working folder if this one was removed, where some libraries do not load."""
    try:
        os.getcwd()
    except OSError:
        return os.path.abspath(os.sep)
    return None


def signal_of(status: int) -> str:
    """Return what is told of a process that a signal ended."""
    try:
        return f"crashes ({signal.Signals(-status).name})"
    except ValueError:
        return f"crashes (signal {-status})"


def last_line(err: bytes) -> str:
    """Return the line that says what Python stumbled over."""
    lines = [line for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
    told = [line for line in lines if line[0] not in " \t"]
    return (told or lines or ["fails without a word"])[-1]
