"""The images of a list as a trainer draws them: one that cannot be read is replaced by another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import DataError
from ..image.files import load_image
from .bad_list import BAD_FILES, Problem
from .rng import generator_of_spare


@dataclass(frozen=True)
class Picture:
    """An image and its path; `problems` are the images that could not be read in its place."""

    path: str
    index: int
    image: np.ndarray  # uint8 [H, W, C]
    problems: tuple[Problem, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.image.shape[1], self.image.shape[0]


@dataclass(frozen=True)
class Pictures:
    """The paths of a list, and how many channels its images are read with."""

    paths: tuple[str, ...]
    channels: int

    def read(self, index: int, seed: int, batch: int) -> Picture:
        """Read an image, or one drawn in its place; DataError where none of the list can be read.

        Darknet: src/data.c load_data_detection
        Quirk: UNREADABLE_IMAGES
        """
        problems: list[Problem] = []
        for place in tries(index, len(self.paths), seed, batch):
            path = self.paths[place]
            try:
                image = load_image(path, self.channels)
            except DataError as error:
                problems.append(Problem(str(error), BAD_FILES, path))
                continue
            return Picture(path, place, image, tuple(problems))
        raise DataError(f"none of the {len(self.paths)} images can be read: {problems[0].text}")


def tries(index: int, count: int, seed: int, batch: int) -> Iterator[int]:
    """Yield an index and, where that will not do, all of them in a drawn order."""
    yield index
    yield from generator_of_spare(seed, batch, index).permutation(count).tolist()
