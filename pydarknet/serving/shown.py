"""A frame as clients see it, whose JPEG files are made when the first client wants them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Generic, TypeVar

import cv2
import numpy as np

from ..image.files import encode

MOST_SIDE = 1600  # pixels of the page's picture, in a row or column
FILE = Path("frame.jpg")

Made = TypeVar("Made")


class Once(Generic[Made]):
    """Something that is made by the first of several threads that ask for it."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self.make, self.lock = make, Lock()
        self.made: list[Made] = []

    @property
    def done(self) -> bool:
        """Whether it was made."""
        return bool(self.made)

    def get(self) -> Made:
        """Return it; raise what `make` raises."""
        with self.lock:
            if not self.made:
                self.made.append(self.make())
        return self.made[0]


@dataclass(frozen=True, eq=False)
class Shown:
    """One frame: its pixels without and with boxes, both uint8 RGB [H, W, 3], and its JSON object.

    `number` counts from 1, `fps` is how many frames a second come. `drawn` may be `pixels`, or a
    function that draws when the first client wants it.
    """

    number: int
    pixels: np.ndarray
    drawn: np.ndarray | Callable[[], np.ndarray]
    text: str
    fps: float
    files: dict[str, Once[bytes]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        makers: dict[str, Any] = {"page": self.page_jpeg, "drawn": self.drawn_jpeg}
        object.__setattr__(self, "files", {name: Once(make) for name, make in makers.items()})

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.pixels.shape[:2]
        return width, height

    def has_jpeg(self, name: str) -> bool:
        """Return whether `jpeg` need not make one."""
        return self.files[name].done

    def jpeg(self, name: str) -> bytes:
        """Return a JPEG: "drawn" has the boxes, "page" has none and is no larger than a screen.

        Raises DataError where JPEG cannot hold the picture.
        """
        return self.files[name].get()

    def drawn_jpeg(self) -> bytes:
        """Return the JPEG of the picture with its boxes."""
        return encode(self.drawn() if callable(self.drawn) else self.drawn, FILE)

    def page_jpeg(self) -> bytes:
        """Return the JPEG of the picture without boxes, at most MOST_SIDE pixels long."""
        width, height = self.size
        shrink = MOST_SIDE / max(width, height)
        if shrink >= 1:
            same = self.drawn is self.pixels
            return self.jpeg("drawn") if same else encode(self.pixels, FILE)
        size = max(1, round(width * shrink)), max(1, round(height * shrink))
        small = cv2.resize(self.pixels, size, interpolation=cv2.INTER_AREA)
        return encode(small.reshape(size[1], size[0], -1), FILE)
