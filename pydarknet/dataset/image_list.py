"""The images of a list. A random other image replaces one that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import DataError
from ..image.files import Remark, load_image
from ..system.c_stderr import take_warnings
from .bad_list import BAD_FILES, Problem
from .rng import generator_of_spare

UNREAD = "images that cannot be read"
DOUBTED = "images that their decoder warns of"


@dataclass(frozen=True)
class ListedImage:
    """An image with its path and its index in the list.

    `problems` name the images that it replaces because they could not be read, and say what is
    worth knowing about its file.
    """

    path: str
    index: int
    image: np.ndarray  # uint8 [H, W, C]
    problems: tuple[Problem, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.image.shape[1], self.image.shape[0]


@dataclass(frozen=True)
class ImageList:
    """The paths of a list of images, which are read with 1 or 3 channels, and turned by `exif`."""

    paths: tuple[str, ...]
    channels: int
    exif: bool = True

    def read(self, index: int, seed: int, batch: int) -> ListedImage:
        """Read an image; if that fails, read random others. Raise DataError if all fail.

        Darknet: src/data.c load_data_detection
        Quirk: UNREADABLE_IMAGES
        """
        problems: list[Problem] = []

        def tell(remark: Remark) -> None:
            problems.append(Problem(remark.text, kind=remark.kind))

        for place in tries(index, len(self.paths), seed, batch):
            path = self.paths[place]
            try:
                with take_warnings() as warnings:
                    image = load_image(path, self.channels, self.exif, tell)
            except DataError as error:
                problems.append(Problem(str(error), BAD_FILES, path, counted=UNREAD))
                continue
            for text in warnings[:1]:
                problems.append(Problem(f"{path}: {text}", counted=DOUBTED))
            return ListedImage(path, place, image, tuple(problems))
        raise DataError(f"no image of {len(self.paths)} can be read: {problems[0].text}")


def tries(index: int, count: int, seed: int, batch: int) -> Iterator[int]:
    """Yield an index, then all indices in a random order."""
    yield index
    yield from generator_of_spare(seed, batch, index).permutation(count).tolist()
