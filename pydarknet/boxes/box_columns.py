"""The boxes of one image as rows of arrays, numpy's or torch's; this file needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from operator import index as whole_number
from typing import Any, Generic, TypeVar, overload

from ..image.geometry import letterbox_size
from ..system.text import printable
from .origin import Origin

Array = TypeVar("Array", bound=Any)  # np.ndarray or torch.Tensor
Rows = TypeVar("Rows", bound="BoxColumns[Any]")
REPR = 5  # boxes that are shown


@dataclass(frozen=True, repr=False)
class Detection:
    """One box with its best class; `box` is centre x, y, width, height in 0..1 of the image."""

    name: str | None
    class_index: int
    score: float
    box: tuple[float, float, float, float]
    objectness: float
    track_id: int | None = None  # of the object, where boxes are followed; None: it has none yet

    def __repr__(self) -> str:
        x, y, w, h = (f"{number:.3f}" for number in self.box)
        return f"Detection({self.label} at {x}, {y}, size {w} x {h})"

    @property
    def label(self) -> str:
        """The class, by name or number, and its score."""
        name = self.class_index if self.name is None else printable(self.name)
        return f"{name} {self.score:.2f}"


@dataclass(frozen=True, eq=False, repr=False)
class BoxColumns(Generic[Array]):
    """The boxes of one image, in the order of the C.

    Iterating gives a `Detection` per box, a number in brackets one of them; a slice, a mask or a
    list of numbers gives some of the boxes.

    `boxes` [K, 4] are centre x, y, width, height in 0..1 of the image, and may reach beyond it.
    `objectness` [K] and `probabilities` [K, classes] are in 0..1; a probability of 0 is a class
    below the threshold or suppressed, and a box of zeros only is none (see `kept`).
    `uncertainty` [K, 4] comes from [Gaussian_yolo] alone. `track_ids` [K], int64 from 1, are the
    same for the same object in each frame, as `tracking.tracker.Tracker` gives them; 0 is none.
    """

    boxes: Array
    objectness: Array
    probabilities: Array
    uncertainty: Array | None = None
    names: tuple[str, ...] | None = None
    origin: Origin | None = None  # the image, where one is known
    track_ids: Array | None = None

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
        ids = [0] * len(self) if self.track_ids is None else self.track_ids.tolist()
        columns = (*(row.tolist() for row in rows), ids)
        for index, score, (x, y, w, h), objectness, track in zip(*columns, strict=True):
            box = (x, y, w, h)
            yield Detection(self.name(index), index, score, box, objectness, track or None)

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
            track_ids=None if self.track_ids is None else change(self.track_ids),
        )

    def take(self: Rows, rows: Any) -> Rows:
        """Return the boxes of an index [R], a mask [K] or a slice, in that order."""
        return self.each(lambda array: array[rows])

    def split(self: Rows, counts: Sequence[int]) -> list[Rows]:
        """Return the first `counts[0]` boxes, the next `counts[1]`, and so on."""
        ends = accumulate(counts)
        return [self.take(slice(end - n, end)) for n, end in zip(counts, ends, strict=True)]

    def kept(self: Rows) -> Rows:
        """Return the boxes that have a class left."""
        return self.take((self.probabilities > 0).any(1))

    def xyxy(self, width: float, height: float) -> Array:
        """Return left, top, right, bottom in pixels of a `width` x `height` image, [K, 4]."""
        width, height = float(width), float(height)  # numpy's would make the result double
        x, y, w, h = (self.boxes[:, i : i + 1] for i in range(4))
        across, down = w / 2, h / 2
        left, right = (x - across) * width, (x + across) * width
        top, bottom = (y - down) * height, (y + down) * height
        return self.join((left, top, right, bottom), 1)

    def fit_to_image(
        self: Rows,
        image_width: int,
        image_height: int,
        net_width: int,
        net_height: int,
        *,
        letterbox: bool = True,
    ) -> Rows:
        """Move boxes from 0..1 of the network's input to 0..1 of the image that was put into it.

        A stretched image needs no move. For a letterbox, half the margin is subtracted as a real
        number, although the image was placed at the truncated half.

        Darknet: src/yolo_layer.c correct_yolo_boxes
        Quirk: LETTERBOX_HALF_PIXEL
        """
        if not letterbox:
            return self
        inner = letterbox_size(image_width, image_height, net_width, net_height)
        x, y, w, h = (self.boxes[:, i : i + 1] for i in range(4))
        across, down = inner[0] / net_width, inner[1] / net_height
        x = (x - (net_width - inner[0]) / 2 / net_width) / across
        y = (y - (net_height - inner[1]) / 2 / net_height) / down
        w, h = w * (net_width / inner[0]), h * (net_height / inner[1])
        return replace(self, boxes=self.join((x, y, w, h), 1))

    @classmethod
    def cat(cls: type[Rows], parts: Sequence[Rows]) -> Rows:
        """Join the boxes of several heads, in order; the names are the first's."""
        uncertain = [p.uncertainty for p in parts if p.uncertainty is not None]
        return cls(
            cls.join([p.boxes for p in parts]),
            cls.join([p.objectness for p in parts]),
            cls.join([p.probabilities for p in parts]),
            cls.join(uncertain) if len(uncertain) == len(parts) else None,
            parts[0].names,
        )

    @staticmethod
    def join(arrays: Sequence[Any], axis: int = 0) -> Any:
        """Return arrays of a kind as one, one after the other along an axis."""
        raise NotImplementedError
