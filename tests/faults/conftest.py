"""Inputs with which the program was once seen to fail, and how a test runs a command on them."""

from __future__ import annotations

import io
import shlex
import shutil
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import forked
import pytest

from pydarknet.cli.main import main

INPUTS = Path(__file__).parent / "inputs"
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Answer:
    """What a command printed, and how it ended."""

    status: int
    out: str
    err: str


@pytest.fixture
def fault(tmp_path, monkeypatch) -> Callable[[str], Path]:
    """Return a function that lays out the inputs of a fault and works in their folder.

    What the faults of a group share lies in the group's `common`.
    """

    def lay_out(name: str) -> Path:
        made = tmp_path / Path(name).name
        for folder in (INPUTS / Path(name).parent / "common", INPUTS / name):
            if folder.is_dir():
                shutil.copytree(folder, made, dirs_exist_ok=True)
        monkeypatch.chdir(made)
        for variable in ("DISPLAY", "WAYLAND_DISPLAY", "PYDARKNET_DIALECT"):
            monkeypatch.delenv(variable, raising=False)
        return made

    return lay_out


@pytest.fixture
def answer() -> Callable[[str], Answer]:
    """Return a function that runs a command line in this process; bytes that are no text stay."""

    def run(line: str) -> Answer:
        out, err = stream(), stream()
        with redirect_stdout(out), redirect_stderr(err):
            status = main(shlex.split(line))
        return Answer(status, written(out), written(err))

    return run


def stream() -> io.TextIOWrapper:
    """Return a stream that keeps what is written."""
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")


def written(stream: io.TextIOWrapper) -> str:
    """Return what was written to a stream."""
    stream.flush()
    return stream.buffer.getvalue().decode("utf-8", "surrogateescape")


@pytest.fixture
def limited_answer() -> Callable[..., Answer]:
    """Return a function that runs a command line in a process of limited memory."""

    def run(line: str, megabytes: int, timeout: float = 120) -> Answer:
        command = ["-m", "pydarknet", *shlex.split(line)]
        done = forked.run(*command, timeout=timeout, megabytes=megabytes)
        return Answer(done.returncode, done.stdout, done.stderr)

    return run
