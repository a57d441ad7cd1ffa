"""The frames of a film as the images of a command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING

from ..system.crews import Done, Task
from ..system.problems import UNREADABLE, guard

if TYPE_CHECKING:
    import numpy as np


def frames_of(film: str) -> Iterator[tuple[str, Task[np.ndarray]]]:
    """Yield a name for each frame of a film, and the frame, uint8 RGB [H, W, 3].

    Frames are named as `detector demo -prefix` names their files, FILM_00000001.jpg: where they
    are drawn, labelled or listed, each has a place. A film that cannot be opened is reported.
    """
    from ..video.source import open_film

    with guard(film, UNREADABLE):
        opened = open_film(film)
        try:
            for number, frame in enumerate(opened.frames(), 1):
                yield name_of(film, number), Done(lambda frame=frame: frame)  # type: ignore[misc]
        finally:
            opened.close()


def name_of(film: str, number: int) -> str:
    """Return the name of a frame of a film, by its number from 1."""
    path = PurePath(film)
    return str(path.with_name(f"{path.stem}_{number:08d}.jpg"))
