"""What decoders write to stderr by themselves, so that we can tell it: once, and with a name."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

STDERR = 2
DECODERS = re.compile(
    r"(Corrupt JPEG data|Premature end of JPEG|Invalid SOS|Inconsistent progression"
    r"|Warning: unknown JFIF|libpng |TIFF\w+: |OpenCV: FFMPEG: tag ).*"
)
LOCK = threading.Lock()


@contextmanager
def take_warnings() -> Iterator[list[str]]:
    """Yield a list to which the lines are added that decoders write to stderr inside the block.

    Whatever else is written there meanwhile is written when the block ends. While another thread
    is inside such a block, or without a place for it, lines go to stderr as ever.
    """
    warnings: list[str] = []
    if not LOCK.acquire(blocking=False):
        yield warnings
        return
    try:
        own, place = os.dup(STDERR), storage()
        os.dup2(place, STDERR)
    except OSError:
        LOCK.release()
        yield warnings
        return
    try:
        yield warnings
    finally:
        os.dup2(own, STDERR)
        os.close(own)
        warnings += warnings_in(place)
        LOCK.release()


@cache
def storage() -> int:
    """Return the descriptor of the nameless file that takes what is written meanwhile."""
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def warnings_in(place: int) -> list[str]:
    """Return the warnings of decoders in a file, empty it, and write the rest of it to stderr."""
    size = os.fstat(place).st_size
    if not size:
        return []
    os.lseek(place, 0, os.SEEK_SET)
    lines = os.read(place, size).splitlines(keepends=True)
    os.lseek(place, 0, os.SEEK_SET)
    os.ftruncate(place, 0)
    texts = [line.decode("utf-8", "replace") for line in lines]
    others = [line for line, text in zip(lines, texts, strict=True) if not DECODERS.match(text)]
    os.write(STDERR, b"".join(others))
    return [text.strip() for text in texts if DECODERS.match(text)]
