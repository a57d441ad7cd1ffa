"""The SHA-256 of a file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..errors import DataError

BLOCK = 1 << 20  # bytes that are read at once


def digest(path: str | Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal. Raises DataError if it cannot be read."""
    total = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while block := file.read(BLOCK):
                total.update(block)
    except OSError as error:
        raise DataError(f"Couldn't open file: {path} ({error.strerror})") from None
    return total.hexdigest()
