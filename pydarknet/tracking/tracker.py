"""Ids that last: which box of a frame is the object that another box was in the frame before.

ByteTrack of the package `trackers` does the work. benchmarks/measure_tracking.py chose it and
the numbers below.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import Any, Final, NamedTuple

import numpy as np

from ..boxes.box_arrays import BoxArrays, BoxRows
from ..errors import UsageError

RATE: Final = 30.0  # frames per second, where no times are given
PATIENCE: Final = 1.5  # seconds after which an object that is not found is given up
FRAMES: Final = 2  # in which an object is found until it has an id
# Objects move farther in longer times: boxes are compared as if they were larger on every side, by
# a share of their own that grows with the time since the last frame.
GROWTH: Final = 4.0  # of that share, per second
LEAST_SHARE, MOST_SHARE = 0.2, 0.8
LEAST_IOU: Final = 0.2  # of boxes that are grown so and may be the same object
OTHER_CLASS: Final = 0.7  # of that IoU counts where the object never was of the box's class
LEAST_STEP: Final = 1e-3  # seconds between frames: times that stand still or run back are moved


def check_installed() -> None:
    """Raise UsageError unless the package is there."""
    if find_spec("trackers") is None:
        hint = "pip install -c constraints.txt '.[track]'"
        raise UsageError("boxes are followed by the package trackers, which is missing", hint=hint)


class Tracker:
    """Gives boxes the ids of their objects, frame by frame, in the order of the frames.

    A box whose best class changes from frame to frame keeps its id, unless another object of that
    class is as near.
    """

    def __init__(self) -> None:
        """Raises UsageError if the package `trackers` is not installed."""
        check_installed()
        from trackers import ByteTrackTracker

        self.work: Any = ByteTrackTracker(
            lost_track_buffer=round(PATIENCE * RATE),
            frame_rate=RATE,
            track_activation_threshold=0.0,  # what detect's threshold left
            high_conf_det_threshold=0.0,
            minimum_consecutive_frames=FRAMES,
            minimum_iou_threshold=LEAST_IOU,
        )
        self.kinds = Kinds()
        self.seconds: float | None = None  # of the last frame

    def update(
        self,
        found: BoxRows[Any],
        size: tuple[int, int] | None = None,
        seconds: float | None = None,
    ) -> BoxArrays:
        """Return the boxes of the next frame with their ids as `track_ids`, 0 where there is none.

        An object has an id, from 1, from the second frame on in which it is found. `size` is
        the frame's width and height, if omitted that of the image in which the boxes were found;
        `seconds` when it was taken, since any moment, if omitted 1/30 after the one before. Raises
        UsageError if the size is unknown.
        """
        arrays = found.numpy()
        if size is None and arrays.origin is None:
            raise UsageError("boxes are followed in pixels: expected the size of the frame")
        width, height = size or (arrays.origin.size if arrays.origin else (0, 0))
        edges = arrays.xyxy(width, height)
        rows = np.flatnonzero(traceable(edges) & (arrays.probabilities > 0).any(1))
        ids = np.zeros(len(arrays), np.int64)
        ids[rows] = self.ids_of(edges[rows], arrays.classes[rows], seconds)
        alive = {track.tracker_id + 1 for track in self.work.tracks}
        self.kinds.update(ids, arrays.classes, arrays.probabilities.shape[1], alive)
        return replace(arrays, track_ids=ids)

    def ids_of(self, edges: np.ndarray, classes: np.ndarray, seconds: float | None) -> np.ndarray:
        """Return the ids of boxes [K, 4] by their edges in pixels and their classes, int64 [K]."""
        from supervision import Detections as Supervised
        from trackers import BIoU

        share = min(max(GROWTH * self.step_to(seconds), LEAST_SHARE), MOST_SHARE)
        self.work.iou = Likeness(BIoU(share), self.work, self.kinds, classes)
        given = Supervised(
            xyxy=edges.astype(np.float64).reshape(-1, 4),
            confidence=np.ones(len(edges), np.float32),
            data={"row": np.arange(len(edges))},
        )
        answer = self.work.update(given, timestamp=self.seconds)
        ids = np.zeros(len(edges), np.int64)
        if len(answer):  # in an order of its own; -1 is no id
            ids[answer.data["row"]] = np.asarray(answer.tracker_id) + 1
        return ids

    def step_to(self, seconds: float | None) -> float:
        """Go to the time of the next frame, and return the seconds since the one before."""
        before = self.seconds
        if before is None:
            self.seconds = seconds or 0.0
            return 1 / RATE
        self.seconds = before + 1 / RATE if seconds is None else max(seconds, before + LEAST_STEP)
        return self.seconds - before


class Kinds:
    """How often objects, by id, were of each class."""

    def __init__(self) -> None:
        self.known: dict[int, np.ndarray] = {}  # [classes] each

    def update(self, ids: np.ndarray, classes: np.ndarray, count: int, alive: set[int]) -> None:
        """Add the boxes of a frame; forget all objects but those that are still followed.

        `count` is how many classes there are.
        """
        for number, kind in zip(ids.tolist(), classes.tolist(), strict=True):
            if number:
                self.known.setdefault(number, np.zeros(count))[kind] += 1
        self.known = {number: often for number, often in self.known.items() if number in alive}

    def shares(self, number: int, classes: np.ndarray) -> np.ndarray:
        """Return how often an object was of each of some classes, as shares; 1 if unknown."""
        often = self.known.get(number)
        return np.ones(len(classes)) if often is None else often[classes] / often.sum()


class Likeness(NamedTuple):
    """How like boxes are to where objects should be, for ByteTrack: by place, and by class."""

    place: Any
    work: Any
    kinds: Kinds
    classes: np.ndarray  # of the boxes

    def compute(self, expected: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """Return the likeness of T objects and K boxes, [T, K]."""
        alike = np.asarray(self.place.compute(expected, boxes))
        tracks = self.work.tracks
        if alike.shape != (len(tracks), len(self.classes)) or not alike.size:
            return alike  # of some objects or boxes only
        same = np.stack([self.kinds.shares(one.tracker_id + 1, self.classes) for one in tracks])
        return alike * (OTHER_CLASS + (1 - OTHER_CLASS) * same)


def traceable(edges: np.ndarray) -> np.ndarray:
    """Return which boxes by their edges [K, 4] are boxes: finite, with an area; bool [K]."""
    sides = edges[:, 2:] - edges[:, :2]
    return np.isfinite(edges).all(1) & (sides > 0).all(1)
