"""What every input may and may not do, and files of it that lie in memory."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from pydarknet.errors import DarknetError
from pydarknet.system.console import forget_notes, note
from pydarknet.system.text import CONTROL

HINT = "    hint: "


class Screen(io.TextIOBase):
    """A stderr that keeps nothing, and to which nothing may come that steers a terminal."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        assert not CONTROL.search(text), f"a note steers the terminal: {text!r}"
        return len(text)


@cache
def memory_file(name: str) -> tuple[int, Path]:
    """Return a file of this process that no disk has, where the system can make one."""
    if hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd"):
        number = os.memfd_create(name)
        return number, Path(f"/proc/self/fd/{number}")
    number, path = tempfile.mkstemp(suffix=name)
    return number, Path(path)


def file_of(content: bytes, name: str = "") -> Path:
    """Return the path of a file that has this content until the next call of this name."""
    number, path = memory_file(name)
    os.ftruncate(number, 0)
    os.pwrite(number, content, 0)
    return path


@contextmanager
def refusals(*, lines: bool = False) -> Iterator[None]:
    """Let a block refuse an input by an error that users can act on: one line, and perhaps a hint.

    `lines` says that the line names a place, as `file:line: `, or a file.
    """
    try:
        yield
    except DarknetError as error:
        check_message(error, lines)


def check_message(error: DarknetError, lines: bool) -> None:
    """Assert that users can act on an error, and that it can be shown."""
    line, _, hint = str(error).partition("\n")
    assert line.strip(), "an empty message"
    assert not hint or hint.startswith(HINT), f"{error!s:.200}"
    assert hint.count("\n") < 2, f"{error!s:.200}"  # a hint may end in a command to copy
    assert not lines or error.where or "file" in line, f"no place: {line:.200}"
    note(str(error))  # the door that every message takes


def new_run() -> None:
    """Forget what was told before."""
    forget_notes()
