"""An exported network: what it is, and its outputs and boxes for images; numpy alone."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

import numpy as np

from ..boxes.box_arrays import BoxArrays
from ..errors import DataError
from .about import About, read_about
from .engine import Engine, open_engine, run_engine
from .layouts import SUPPRESSED, read_boxes

ROWS = "rows"  # a layout whose outputs have no batch where it is 1


class Exported:
    """A file that an engine runs, with the state that its recurrent layers keep between calls.

    Of a compiled form `about` is given: what it says stands beside it. Threads may run it at the
    same time; one waits for the other.
    """

    def __init__(
        self,
        path: str | Path,
        engine: str | None = None,
        threads: int = 0,
        about: About | None = None,
    ) -> None:
        self.path: Final = Path(path)
        self.about: Final[About] = about or read_about(path)
        self.engine: Final[Engine] = open_engine(path, engine, threads, ready=about is not None)
        self.opened_by: Final = (Path(path), engine, threads, about)
        self.states: dict[str, np.ndarray] | None = None  # [N, ...] each
        self.lock = threading.Lock()

    def __reduce__(self) -> tuple[type[Exported], tuple[object, ...]]:
        """Let copies, and other processes, open the file anew."""
        return type(self), self.opened_by

    def reset(self) -> None:
        """Forget the state of recurrent layers."""
        self.states = None

    def run(self, images: np.ndarray) -> list[np.ndarray]:
        """Return the outputs for images, float32 [N, C, H, W] in 0..1, or [N, length].

        Each is [N, ...]; of the layout nms it is [M, 7], and the first column says the image. More
        images than the file takes at once are given to it one batch after the other. Raises
        DataError for images of another size, and for a file that its engine cannot run.
        """
        about, count = self.about, len(images)
        if list(images.shape[1:]) != about.input:
            problem = f"images of size {list(images.shape[1:])}: expected {about.input}"
            raise DataError(problem, where=self.path)
        size = about.batch if isinstance(about.batch, int) else max(count, 1)
        with self.lock:
            states = self.states_of(count)
            parts = [self.run_batch(images, at, size, states) for at in range(0, count, size)]
            self.states = states
        return [np.concatenate(part) for part in zip(*parts, strict=True)]

    def states_of(self, count: int) -> dict[str, np.ndarray]:
        """Return a copy of the states of so many images; zeros before the first step."""
        kept = self.states or {}
        sizes = {name: (count, *size) for name, size in self.about.state_sizes.items()}
        same = all(kept[name].shape == size for name, size in sizes.items()) if kept else False
        return {
            name: kept[name].copy() if same else np.zeros(size, np.float32)
            for name, size in sizes.items()
        }

    def run_batch(
        self, images: np.ndarray, start: int, size: int, states: dict[str, np.ndarray]
    ) -> list[np.ndarray]:
        """Return the outputs of the images from `start` on, and change their part of the states."""
        about, rows = self.about, slice(start, start + size)
        count = len(images[rows])
        given = {about.input_name: images[rows]} | {name: states[name][rows] for name in states}
        given = {name: whole(values, size) for name, values in given.items()}
        names = [*about.outputs, *about.states.values()]
        found = run_engine(self.engine, given, names, self.path)
        outputs, after = found[: len(about.outputs)], found[len(about.outputs) :]
        for name, values in zip(about.states, after, strict=True):
            states[name][rows] = values[:count]
        if about.layout in SUPPRESSED:
            return [image_rows(table, count, start) for table in outputs]
        if about.layout == ROWS and about.batch == 1:
            outputs = [table.reshape(1, *table.shape[-2:]) for table in outputs]
        return [output[:count] for output in outputs]

    def boxes(self, images: np.ndarray) -> list[BoxArrays]:
        """Return the boxes of each image in 0..1 of the input, with scores; see `read_boxes`."""
        about = self.about
        found = self.run(images)
        return read_boxes(about.layout, found, about.size, about.classes, len(images))


def whole(values: np.ndarray, size: int) -> np.ndarray:
    """Return float32 values [size, ...]: those given, and zeros after them."""
    values = np.ascontiguousarray(values, np.float32)
    if len(values) == size:
        return values
    more = np.zeros((size - len(values), *values.shape[1:]), np.float32)
    return np.concatenate((values, more))


def image_rows(table: np.ndarray, count: int, start: int) -> np.ndarray:
    """Return the rows of the first `count` images of a batch, whose numbers begin at `start`."""
    table = table.reshape(-1, 7)[table.reshape(-1, 7)[:, 0] < count].copy()
    table[:, 0] += start
    return table
