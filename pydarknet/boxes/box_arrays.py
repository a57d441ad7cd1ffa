"""The boxes of one image as rows of arrays, numpy's or torch's; this file needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from operator import index as whole_number
from typing import Any, Generic, TypeVar, overload

import numpy as np

from ..system.text import printable
from .origin import Origin

Array = TypeVar("Array", bound=Any)  # np.ndarray or torch.Tensor
Rows = TypeVar("Rows", bound="BoxRows[Any]")
REPR = 5  # boxes that are shown


@dataclass(frozen=True, repr=False)
class Detection:
    """One box with its best class; `box` is centre x, y, width, height in 0..1 of the image."""

    name: str | None
    class_index: int
    score: float
    box: tuple[float, float, float, float]
    objectness: float

    def __repr__(self) -> str:
        x, y, w, h = (f"{number:.3f}" for number in self.box)
        return f"Detection({self.label} at {x}, {y}, size {w} x {h})"

    @property
    def label(self) -> str:
        """The class, by name or number, and its score."""
        name = self.class_index if self.name is None else printable(self.name)
        return f"{name} {self.score:.2f}"


@dataclass(frozen=True, eq=False, repr=False)
class BoxRows(Generic[Array]):
    """The boxes of one image, in the order of the C.

    Iterating gives a `Detection` per box, a number in brackets one of them; a slice, a mask or a
    list of numbers gives some of the boxes.

    `boxes` [K, 4] are centre x, y, width, height in 0..1 of the image, and may reach beyond it.
    `objectness` [K] and `probabilities` [K, classes] are in 0..1; a probability of 0 is a class
    below the threshold or suppressed, and a box of zeros only is none (see `kept`).
    `uncertainty` [K, 4] comes from [Gaussian_yolo] alone.
    """

    boxes: Array
    objectness: Array
    probabilities: Array
    uncertainty: Array | None = None
    names: tuple[str, ...] | None = None
    origin: Origin | None = None  # the image, where one is known

    def __len__(self) -> int:
        return len(self.boxes)

    def __repr__(self) -> str:
        few = ", ".join(found.label for found in self[:REPR])
        more = ", ..." if len(self) > REPR else ""
        return f"{type(self).__name__}({len(self)}{': ' if few else ''}{few}{more})"

    @overload
    def __getitem__(self: Rows, rows: slice | list[int] | Array) -> Rows: ...

    @overload
    def __getitem__(self, rows: int) -> Detection: ...

    def __getitem__(self: Rows, rows: Any) -> Rows | Detection:
        """Return one box, counted from the end if negative, or those of a slice, list or mask."""
        if isinstance(rows, slice):
            return self.take(list(range(len(self))[rows]))  # torch knows no negative steps
        if isinstance(rows, list) or getattr(rows, "ndim", None):
            return self.take(rows)
        place, count = whole_number(rows), len(self)
        if not -count <= place < count:
            raise IndexError(f"box {place}: expected one of {count}")
        place %= count
        return next(iter(self.take(slice(place, place + 1))))

    def __iter__(self) -> Iterator[Detection]:
        rows = (self.classes, self.scores, self.boxes, self.objectness)
        for index, score, (x, y, w, h), objectness in zip(*(r.tolist() for r in rows), strict=True):
            yield Detection(self.name(index), index, score, (x, y, w, h), objectness)

    def name(self, class_index: int) -> str | None:
        """Return the name of a class, None where the names do not reach."""
        names = self.names or ()
        return names[class_index] if class_index < len(names) else None

    @property
    def scores(self) -> Array:
        """The best class probability of each box, [K]."""
        raise NotImplementedError

    @property
    def classes(self) -> Array:
        """The index of the best class of each box, int64 [K]; the first of equals."""
        return self.probabilities.argmax(1)

    def each(self: Rows, change: Callable[[Any], Any]) -> Rows:
        """Return the same boxes with every array changed alike."""
        return replace(
            self,
            boxes=change(self.boxes),
            objectness=change(self.objectness),
            probabilities=change(self.probabilities),
            uncertainty=None if self.uncertainty is None else change(self.uncertainty),
        )

    def take(self: Rows, rows: Any) -> Rows:
        """Return the boxes of an index [R], a mask [K] or a slice, in that order."""
        return self.each(lambda array: array[rows])

    def split(self: Rows, counts: Sequence[int]) -> list[Rows]:
        """Return the first `counts[0]` boxes, the next `counts[1]`, and so on."""
        ends = accumulate(counts)
        return [self.take(slice(end - n, end)) for n, end in zip(counts, ends, strict=True)]

    def numpy(self) -> BoxArrays:
        """Return the same boxes in numpy's arrays, without a copy where they are on the CPU."""
        raise NotImplementedError

    def kept(self: Rows) -> Rows:
        """Return the boxes that have a class left."""
        return self.take((self.probabilities > 0).any(1))


@dataclass(frozen=True, eq=False, repr=False)
class BoxArrays(BoxRows[np.ndarray]):
    """The boxes of one image in numpy's arrays: what is printed, drawn and written."""

    def numpy(self) -> BoxArrays:
        return self

    @property
    def scores(self) -> np.ndarray:
        return self.probabilities.max(1)

    def xyxy(self, width: float, height: float) -> np.ndarray:
        """Return left, top, right, bottom in pixels of a `width` x `height` image, [K, 4]."""
        center, half = self.boxes[:, :2], self.boxes[:, 2:] / 2
        edges = np.concatenate((center - half, center + half), 1)
        return edges * np.array([width, height, width, height], edges.dtype)
