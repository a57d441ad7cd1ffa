"""What a network found in one image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import torch
from torch import Tensor

from ..modules.transforms import inner_size
from .box import cxcywh_to_xyxy


@dataclass(frozen=True)
class Detection:
    """One box with its best class; `box` is centre x, y, width, height in 0..1 of the image."""

    name: str | None
    class_index: int
    score: float
    box: tuple[float, float, float, float]
    objectness: float


@dataclass(frozen=True, eq=False)
class Detections:
    """The boxes of one image, in the order of the reference. Iterating gives a `Detection` a box.

    `boxes` [K, 4] are centre x, y, width, height in 0..1 of the image, and may reach beyond it.
    `objectness` [K] and `probabilities` [K, classes] are in 0..1; a probability of 0 is a class
    below the threshold or suppressed, and a box of zeros only is none (see `kept`).
    `uncertainty` [K, 4] comes from [Gaussian_yolo] alone.
    """

    boxes: Tensor
    objectness: Tensor
    probabilities: Tensor
    uncertainty: Tensor | None = None
    names: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.boxes)

    def __iter__(self) -> Iterator[Detection]:
        rows = (self.classes, self.scores, self.boxes, self.objectness)
        for index, score, (x, y, w, h), objectness in zip(*(r.tolist() for r in rows), strict=True):
            yield Detection(self.name(index), index, score, (x, y, w, h), objectness)

    def name(self, class_index: int) -> str | None:
        """Return the name of a class, None where the names do not reach."""
        names = self.names or ()
        return names[class_index] if class_index < len(names) else None

    @property
    def scores(self) -> Tensor:
        """The best class probability of each box, [K]."""
        return self.probabilities.amax(dim=1)

    @property
    def classes(self) -> Tensor:
        """The index of the best class of each box, int64 [K]; the first of equals."""
        return self.probabilities.argmax(dim=1)

    def xyxy(self, width: float, height: float) -> Tensor:
        """Return left, top, right, bottom in pixels of a `width` x `height` image, [K, 4]."""
        return cxcywh_to_xyxy(self.boxes) * self.boxes.new_tensor([width, height, width, height])

    def each(self, change: Callable[[Tensor], Tensor]) -> Detections:
        """Return the same boxes with every tensor changed alike."""
        uncertainty = None if self.uncertainty is None else change(self.uncertainty)
        boxes, objectness = change(self.boxes), change(self.objectness)
        return Detections(boxes, objectness, change(self.probabilities), uncertainty, self.names)

    def take(self, rows: Tensor | slice) -> Detections:
        """Return the boxes of an index [R], a mask [K] or a slice, in that order."""
        return self.each(lambda t: t[rows])

    def split(self, counts: Sequence[int]) -> list[Detections]:
        """Return the first so many boxes, the next so many, and so on."""
        ends = accumulate(counts)
        return [self.take(slice(end - n, end)) for n, end in zip(counts, ends, strict=True)]

    def kept(self) -> Detections:
        """Return the boxes that have a class left."""
        return self.take((self.probabilities > 0).any(dim=1))

    def to(self, device: torch.device | str) -> Detections:
        """Return the same boxes on another device."""
        return self.each(lambda t: t.to(device))

    def fit_to_image(
        self,
        image_width: int,
        image_height: int,
        net_width: int,
        net_height: int,
        *,
        letterbox: bool = True,
    ) -> Detections:
        """Move boxes from 0..1 of the network's input to 0..1 of the image that was put into it.

        A stretched image needs no move. Out of a letterbox, half the margin is taken off as a
        real number, although the image was laid in at the truncated half.

        Darknet: src/yolo_layer.c correct_yolo_boxes
        Quirk: LETTERBOX_HALF_PIXEL
        """
        if not letterbox:
            return self
        inner = inner_size(image_width, image_height, net_width, net_height)
        x, y, w, h = self.boxes.unbind(1)
        across, down = inner[0] / net_width, inner[1] / net_height
        x = (x - (net_width - inner[0]) / 2 / net_width) / across
        y = (y - (net_height - inner[1]) / 2 / net_height) / down
        w, h = w * (net_width / inner[0]), h * (net_height / inner[1])
        return replace(self, boxes=torch.stack((x, y, w, h), 1))

    @staticmethod
    def cat(parts: Sequence[Detections]) -> Detections:
        """Join the boxes of several heads, in order; the names are the first's."""
        uncertain = [p.uncertainty for p in parts if p.uncertainty is not None]
        return Detections(
            torch.cat([p.boxes for p in parts]),
            torch.cat([p.objectness for p in parts]),
            torch.cat([p.probabilities for p in parts]),
            torch.cat(uncertain) if len(uncertain) == len(parts) else None,
            parts[0].names,
        )


@dataclass(frozen=True, eq=False)
class Batch:
    """The boxes that a head finds in a batch of images, those of one image after another's.

    `counts` int64 [N] says how many each image has; it is where the boxes are.
    """

    rows: Detections
    counts: Tensor

    @staticmethod
    def even(images: int, rows: Detections) -> Batch:
        """Return a batch whose images all have as many boxes."""
        each = len(rows) // max(images, 1)
        return Batch(rows, rows.boxes.new_full((images,), each, dtype=torch.int64))
