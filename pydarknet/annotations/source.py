"""What was read of annotations: images with their objects, in parts, and what was left out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ..checks.picture import picture_of
from ..dataset.parts import ANY, TRAIN, VALID, split
from ..errors import DataError
from ..system.console import note_once
from ..system.problems import UNREADABLE, count_failure, tell_failure
from ..system.text import count_of, one_line
from .instances import Instance

SHOWN: Final = 5  # problems of a kind that are told each
HINT: Final = "-images FOLDER says where the images are"
UNLIKE: Final = 0.02  # by how much proportions may differ, as rounded sizes do


@dataclass(frozen=True)
class AnnotatedImage:
    """An image: its absolute path, the size in pixels in which its boxes are, its objects."""

    path: str
    width: int
    height: int
    instances: tuple[Instance, ...]


@dataclass
class LeftOut:
    """What is not used, by its reason. The first problems of a kind are told, each a failure.

    Objects that Darknet's scripts leave out too are none.
    """

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, reason: str, text: str) -> None:
        """Count a problem, and tell it if it is among the first of its kind."""
        self.counts[reason] += 1
        if self.counts[reason] <= SHOWN:
            tell_failure(text, UNREADABLE)
        else:
            count_failure(UNREADABLE)

    @property
    def summary(self) -> str:
        """The reasons with their numbers; empty if nothing was left out."""
        return ", ".join(f"{count} {reason}" for reason, count in sorted(self.counts.items()))


@dataclass
class Source:
    """Class names in their order, and the images of each part."""

    names: list[str] = field(default_factory=list)
    parts: dict[str, list[AnnotatedImage]] = field(default_factory=dict)
    left_out: LeftOut = field(default_factory=LeftOut)

    def add(
        self, part: str, path: Path, size: tuple[int, int], found: tuple[Instance, ...], place: str
    ) -> None:
        """Add an image, unless it cannot be read. A size of zeros is that of the image itself.

        `place` is where the size stands.
        """
        picture = picture_of(str(path))
        problem = "its name has two lines" if "\n" in str(path) else picture.problem
        if problem:
            problem = f"{one_line(str(path))}: {problem}: left out"
            self.left_out.add("images that cannot be read", problem)
            return
        if 0 in size:
            size = picture.size
        elif is_unlike(size, picture.size):
            said, true = (f"{width} x {height}" for width, height in (size, picture.size))
            note_once(f"{place}: {said}, but {path} has {true}: see its boxes", "proportions")
        image = AnnotatedImage(os.path.abspath(path), *size, found)
        self.parts.setdefault(part, []).append(image)

    def divide(self, where: Path) -> None:
        """Split the images of no part; without others to validate, take a tenth of those to train.

        Images to test stay apart. Raises DataError, which names the file or folder, for fewer than
        two images.
        """
        train = [*self.parts.get(TRAIN, ()), *self.parts.pop(ANY, ())]
        valid = self.parts.get(VALID, [])
        if len(train) + len(valid) < 2:
            count = count_of(len(train) + len(valid), "image")
            raise DataError(
                f"has {count} that can be used: expected two at least", where=where, hint=HINT
            )
        if not train or not valid:
            whole = train or valid
            names = set(split([image.path for image in whole])[1])
            train = [image for image in whole if image.path not in names]
            valid = [image for image in whole if image.path in names]
        self.parts |= {TRAIN: train, VALID: valid}

    def images(self) -> Iterator[AnnotatedImage]:
        """Yield the images of all parts."""
        for images in self.parts.values():
            yield from images


def is_unlike(said: tuple[int, int], true: tuple[int, int]) -> bool:
    """Return whether two sizes have other proportions."""
    one, other = said[0] * true[1], said[1] * true[0]
    return abs(one - other) > UNLIKE * max(one, other)
