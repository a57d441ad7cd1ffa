"""Which part of a data set an image belongs to: those that train, that validate, that test."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..system.text import bytes_of

TRAIN, VALID, TEST = "train", "valid", "test"
ANY: Final = ""  # the part of images that are still to be split
PARTS: Final = {"train": TRAIN, "val": VALID, "valid": VALID, "validation": VALID, "test": TEST}
SHARE: Final = 10  # of so many images one is for validation


def part_named(words: tuple[str, ...]) -> str:
    """Return the part that the last of some folders' names says."""
    return next((PARTS[word.lower()] for word in reversed(words) if word.lower() in PARTS), ANY)


def split(images: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the images to train, and a tenth to validate; of two or more, one at least is each.

    Which tenth is decided by the names of the files, so that others may be added later.
    """
    valid = [one for one in images if validates(one)] or list(images[:1])
    others = set(valid)
    return [one for one in images if one not in others] or list(images[1:]), valid


def validates(image: str) -> bool:
    """Return whether an image is for validation, by its name."""
    return zlib.crc32(bytes_of(Path(image).name)) % SHARE == 0
