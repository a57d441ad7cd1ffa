"""Where boxes come from: the image that they were found in, so that they can be drawn on it."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from ..errors import UsageError
from ..image.any_image import AnyImage, Content, Path, image_array, own_channels


@dataclass(frozen=True)
class Origin:
    """The image that boxes were found in, and how it was read.

    A path or the bytes of a file are kept. Arrays and PIL images are not: they stay known as long
    as someone else holds them. `size` is width and height in pixels; `lineage` decides the style.
    """

    size: tuple[int, int]
    lineage: str
    bgr: bool = False
    exif: bool = True
    file: Path | bytes | None = None
    held: Callable[[], AnyImage | None] = lambda: None

    @staticmethod
    def of(image: AnyImage, array: np.ndarray, lineage: str, bgr: bool, exif: bool) -> Origin:
        """Return the origin of boxes found in an image, which was read as an array."""
        height, width = array.shape[:2]
        told = (width, height), lineage, bgr, exif
        if isinstance(image, str | os.PathLike):
            return Origin(*told, file=os.path.abspath(image))
        if isinstance(image, Content):
            return Origin(*told, file=bytes(image))
        with suppress(TypeError):  # some arrays cannot be referred to without being held
            return Origin(*told, held=weakref.ref(image))
        return Origin(*told)

    def __reduce__(self) -> tuple[object, ...]:
        """Leave an image in memory out of copies and files."""
        return Origin, (self.size, self.lineage, self.bgr, self.exif, self.file)

    def rgb(self) -> np.ndarray:
        """Return the image as uint8 RGB [H, W, C]; UsageError if it is no longer in memory."""
        image = self.held() if self.file is None else self.file
        if image is None:
            problem = "the image of these boxes is no longer in memory"
            raise UsageError(problem, hint="keep it in a variable, or give it: draw(image)")
        return image_array(image, bgr=self.bgr, exif=self.exif, channels=own_channels(image))
