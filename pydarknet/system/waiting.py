"""What waits in a pipe: all of it where whoever writes has ended, else what came so far."""

from __future__ import annotations

import io
import os
import select
import stat
from contextlib import suppress
from typing import Any, BinaryIO, Final, NamedTuple, TextIO

PATIENCE: Final = 50  # milliseconds for which nothing came when a writer may wait for an answer
MOST: Final = 1 << 24  # bytes that are read ahead


class Waiting(NamedTuple):
    """The bytes that wait in a stream, and whether they are all."""

    content: bytes
    ended: bool


def waiting_in(stream: TextIO | None) -> Waiting:
    """Return what waits in a stream: all of a file, of a pipe what comes without delay.

    Of others, as a terminal, nothing is read.
    """
    if stream is None or not hasattr(stream, "buffer"):
        return Waiting(b"", ended=False)
    with suppress(OSError, ValueError):  # there is none, or it is Python's own
        mode = os.fstat(stream.fileno()).st_mode
        if stat.S_ISREG(mode):
            return Waiting(stream.buffer.read(), ended=True)
        if (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)) and hasattr(select, "poll"):
            return waiting_in_pipe(stream.buffer, stream.fileno())
    return Waiting(b"", ended=False)


def waiting_in_pipe(pipe: BinaryIO, number: int) -> Waiting:
    """Return what comes from a pipe, with a file number, without delay."""
    poll, content = select.poll(), bytearray()
    poll.register(number, select.POLLIN | select.POLLHUP)
    while len(content) < MOST and poll.poll(PATIENCE):
        more = pipe.read1(1 << 16)  # type: ignore[attr-defined]  # of a buffered reader
        if not more:
            return Waiting(bytes(content), ended=True)
        content += more
    return Waiting(bytes(content), ended=False)


class Rest(io.RawIOBase):
    """Bytes that were read from a stream, and after them the stream."""

    def __init__(self, begun: bytes, stream: BinaryIO) -> None:
        self.begun, self.stream = begun, stream

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        some = self.begun[: len(into)] or self.stream.read1(len(into))  # type: ignore[attr-defined]
        self.begun = self.begun[len(some) :]
        into[: len(some)] = some
        return len(some)


def with_rest(begun: bytes, stream: TextIO | None) -> TextIO | None:
    """Return a stream that gives what was read from another, and then its rest."""
    if not begun or stream is None:
        return stream
    return io.TextIOWrapper(io.BufferedReader(Rest(begun, stream.buffer)))
