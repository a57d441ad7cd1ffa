"""What is known of each object that is followed: where it was, and of what class it is."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from ..boxes.box import iou
from ..boxes.box_arrays import BoxArrays

TRAIL: Final = 1.5  # seconds of places that are kept of an object
FORGET: Final = 5.0  # seconds after which an object that is not found is forgotten
MOST: Final = 64  # places that are kept of an object


class Spot(NamedTuple):
    """Where an object was: the middle of its box's lower edge, where it stands, in pixels."""

    seconds: float
    x: float
    y: float


@dataclass
class Track:
    """One object: its places, the oldest first, and what its boxes showed."""

    id: int
    scores: np.ndarray  # of its classes, summed over the frames, [classes]
    box: np.ndarray  # centre x, y, width, height in 0..1 of the frame
    side: float = 0.0  # of a square as large as its box, in pixels
    similarity: float = 0.0  # of its box and the one before: their IoU
    spots: deque[Spot] = field(default_factory=lambda: deque(maxlen=MOST))

    @property
    def spot(self) -> Spot:
        """Where it is."""
        return self.spots[-1]

    @property
    def best(self) -> int:
        """The class that it had most often and most surely."""
        return int(self.scores.argmax())

    def move(self, box: np.ndarray, scores: np.ndarray, size: tuple[int, int], time: float) -> None:
        """Take over what the newest frame, of a size, shows of it."""
        self.similarity = float(iou(self.box[None], box[None])[0, 0]) if self.spots else 0.0
        self.box = box
        self.scores += scores
        x, y, width, height = box.tolist()
        self.side = (width * size[0] * height * size[1]) ** 0.5
        self.spots.append(Spot(time, x * size[0], (y + height / 2) * size[1]))
        while self.spots[0].seconds < time - TRAIL:
            self.spots.popleft()


class Tracks:
    """The objects that are followed, by id; those that are long gone are forgotten."""

    def __init__(self) -> None:
        self.known: dict[int, Track] = {}

    def update(self, found: BoxArrays, size: tuple[int, int], seconds: float) -> list[Track | None]:
        """Return the object of each box of a frame of a size, width and height; None without id."""
        ids = [0] * len(found) if found.track_ids is None else found.track_ids.tolist()
        tracks: list[Track | None] = []
        for number, box, scores in zip(ids, found.boxes, found.probabilities, strict=True):
            track = None
            if number:
                new = Track(number, np.zeros(len(scores)), box)
                track = self.known.setdefault(number, new)
                track.move(box, scores, size, seconds)
            tracks.append(track)
        self.forget(seconds - FORGET)
        return tracks

    def forget(self, until: float) -> None:
        """Forget the objects that were last found before a time."""
        gone = [number for number, track in self.known.items() if track.spot.seconds < until]
        for number in gone:
            del self.known[number]
