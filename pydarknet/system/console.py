"""The only doors out: results go to stdout, notes to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Final, TextIO

from ..errors import DataError
from .text import bytes_of, displayable, shorten, without_control

LONGEST = 500  # signs of a line of a note, which may quote what a file says
TOLD: Final[dict[str, object]] = {}  # the kinds of notes that `first` was asked about
OPEN: Final[set[str]] = set()  # "stderr" while the last note there ended inside a line
Told = list[Any]  # the name of a door, what went through it, and how
HOW: Final = {"end": str, "steering": bool, "continues": bool, "kind": str}
HEARD: ContextVar[list[Told] | None] = ContextVar("heard", default=None)
SILENT: ContextVar[bool] = ContextVar("silent", default=False)  # whether notes are kept back


def say(text: str = "", *, end: str = "\n", steering: bool = False) -> None:
    """Write a result to stdout, and do not keep it waiting in a buffer.

    A pipe gets the bytes of names and paths as they are, as from the C. On a terminal what would
    steer it becomes `?`, unless it is ours (`steering`).
    """
    hear("say", text, {"end": end, "steering": steering})
    if sys.stdout is None:
        return
    try:
        put(sys.stdout, text + end, steering)
    except BrokenPipeError:
        raise
    except OSError as error:
        leave(sys.stdout)
        raise DataError(f"stdout: cannot be written: {error.strerror}") from None


def say_bytes(content: bytes) -> None:
    """Write bytes to stdout as they are."""
    if sys.stdout is None:
        return
    say(end="")
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        leave(sys.stdout)
        raise DataError(f"stdout: cannot be written: {error.strerror}") from None


def note(text: str = "", *, end: str = "\n", continues: bool = False) -> None:
    """Write something worth knowing to stderr; a very long line is cut in its middle.

    A line that a note left open is ended first, unless this one `continues` it. What would steer a
    terminal becomes `?` in a pipe too, since notes are read there later.
    """
    if SILENT.get():
        return
    hear("note", text, {"end": end, "continues": continues})
    write_note(text, end, continues)


def write_note(text: str, end: str = "\n", continues: bool = False) -> None:
    """Write a note, as `note` does, which nobody hears."""
    if sys.stderr is None:
        return
    shown = "\n".join(shorten(line, LONGEST) for line in without_control(text).split("\n"))
    before = "\n" if OPEN and not continues else ""
    OPEN.clear()
    if not f"\n{shown}{end}".endswith("\n"):
        OPEN.add("stderr")
    try:
        put(sys.stderr, f"{before}{shown}{end}")
    except BrokenPipeError:
        raise
    except OSError:
        leave(sys.stderr)


def put(stream: TextIO, text: str, steering: bool = False) -> None:
    """Write text to a stream whatever its encoding is."""
    shown = text if steering or not stream.isatty() else displayable(text)
    try:
        shown.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        put_bytes(stream, shown)
    else:
        stream.write(shown)
    stream.flush()


def put_bytes(stream: TextIO, text: str) -> None:
    """Write text that a stream's encoding does not have: as bytes, on a terminal with `?`."""
    encoding = stream.encoding or "utf-8"
    if stream.isatty() or not hasattr(stream, "buffer"):
        stream.write(text.encode(encoding, "replace").decode(encoding))
        return
    stream.flush()
    stream.buffer.write(bytes_of(text))


def leave(stream: TextIO) -> None:
    """Let what a full disk did not take go nowhere, else Python tries again at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def forget_notes() -> None:
    """Begin a run, of which no kind of note was written yet."""
    TOLD.clear()
    OPEN.clear()


def first(kind: str) -> bool:
    """Return whether this is the first call for a kind of note in this run, in any thread."""
    mine = object()
    return TOLD.setdefault(kind, mine) is mine


def note_once(text: str, kind: str = "") -> None:
    """Write a note unless this run wrote one of its kind; without a kind, the same note.

    It is recorded in any case: another run, in which it is told again, may not have written it.
    """
    if SILENT.get():
        return
    hear("note_once", text, {"kind": kind})
    if first(kind or text):
        write_note(text)


@contextmanager
def without_notes() -> Iterator[None]:
    """Write no note in the block, and keep none: what is read there is read and told again."""
    before = SILENT.set(True)
    try:
        yield
    finally:
        SILENT.reset(before)


@contextmanager
def record_told() -> Iterator[list[Told]]:
    """Yield what goes through the doors in the block, so that `tell_again` can repeat it."""
    heard: list[Told] = []
    before = HEARD.set(heard)
    try:
        yield heard
    finally:
        HEARD.reset(before)


def hear(door: str, text: str, how: dict[str, bool | str]) -> None:
    """Keep what goes through a door, where it is recorded."""
    heard = HEARD.get()
    if heard is not None:
        heard.append([door, text, how])


def is_told(said: Any) -> bool:
    """Return whether a JSON value is what `record_told` recorded."""
    if not isinstance(said, list) or any(not isinstance(one, list) for one in said):
        return False
    return all(
        len(one) == 3
        and one[0] in ("say", "note", "note_once")
        and isinstance(one[1], str)
        and isinstance(one[2], dict)
        and all(name in HOW and isinstance(how, HOW[name]) for name, how in one[2].items())
        for one in said
    )


def tell_again(told: Sequence[Told]) -> None:
    """Write what `record_told` recorded, in its order and through the same doors."""
    doors: dict[str, Callable[..., None]] = {"say": say, "note": note, "note_once": note_once}
    for door, text, how in told:
        doors[door](text, **how)
