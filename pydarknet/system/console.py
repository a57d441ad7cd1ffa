"""The only doors out: results go to stdout, notes to stderr."""

from __future__ import annotations

import sys


def say(text: str = "", *, end: str = "\n") -> None:
    """Write a result to stdout, and do not keep it waiting in a buffer."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def say_bytes(content: bytes) -> None:
    """Write bytes to stdout as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def note(text: str = "", *, end: str = "\n") -> None:
    """Write something worth knowing to stderr."""
    sys.stderr.write(text + end)
    sys.stderr.flush()
