"""Class names as parts of the names of files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from ..system.text import bytes_of

LONGEST = 150  # bytes of a class name in a file name, which takes 255


def file_words(names: Sequence[str]) -> list[str]:
    """Return class names as parts of file names: `_` for / and NUL, and cut where too long.

    A hash of the name follows where two would have the same file, or one was cut.
    """
    words = [re.sub(r"[/\0]", "_", name) for name in names]
    return [
        word
        if len(bytes_of(word)) <= LONGEST and (word == name or words.count(word) == 1)
        else f"{bytes_of(word)[:LONGEST].decode('utf-8', 'ignore')}_{digest(name)}"
        for name, word in zip(names, words, strict=True)
    ]


def digest(name: str) -> str:
    """Return six letters that tell a name from others."""
    return hashlib.sha256(bytes_of(name)).hexdigest()[:6]
