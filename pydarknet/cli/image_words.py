"""What the operands of a command line that name images stand for, before any image is read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from glob import has_magic
from pathlib import Path

STDIN = "-"  # the word for an image whose bytes come by stdin
FILMS = {".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ts", ".webm", ".wmv"}
FEW = 4  # images that are found before torch would have started


def expands(word: str) -> bool:
    """Return whether an operand stands for several images: a folder, a pattern, a list, a film."""
    path = Path(word)
    return (
        is_film(word)
        or os.path.isdir(path)
        or path.suffix.lower() in (".txt", ".list")
        or (has_magic(word) and not os.path.exists(path))
    )


def is_film(word: str) -> bool:
    """Return whether an operand is a film by its name, of which every frame is an image."""
    return Path(word).suffix.lower() in FILMS and not os.path.isdir(word)


def names_few(words: Sequence[str]) -> bool:
    """Return whether a command line names no more than a few images, each by its path."""
    return 0 < len(words) <= FEW and not any(map(expands, words))
