"""Objects that a demo follows from frame to frame, and what it counts of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..tracking.counts import Counts
from ..tracking.followed import Followed, extras_of
from ..tracking.lines import Line
from ..tracking.places import in_pixels, read_lines, read_zones
from ..tracking.tracker import Tracker
from ..tracking.tracks import Tracks
from .detections_text import HIDDEN, Found

if TYPE_CHECKING:
    from ..boxes.box_arrays import BoxArrays
    from .demo_flags import DemoFlags


class Follower:
    """Follows the boxes of one source, frame by frame, in the order of the frames."""

    def __init__(self, flags: DemoFlags, size: tuple[int, int]) -> None:
        """Raises UsageError for lines or zones outside frames of a size, or without the package."""
        self.flags, self.size = flags, size
        self.tracker, self.tracks = Tracker(), Tracks()
        self.counts = counts_of(flags, size)
        self.last: Found | None = None

    def follow(self, found: Found, seconds: float) -> Found:
        """Return what was found in the next frame, taken at a time, with ids and counts."""
        boxes = self.tracker.update(visible(found.boxes), self.size, seconds)
        tracks = self.tracks.update(boxes, self.size, seconds)
        followed = Followed(
            similarities=[track.similarity if track else 0.0 for track in tracks],
            extras=extras_of(tracks, self.size),
            sums=self.counts.update(tracks, seconds) if self.counts else None,
            size=self.size,
        )
        boxes = replace(found.boxes, track_ids=boxes.track_ids)
        self.last = replace(found, boxes=boxes, followed=followed)
        return self.last

    def report(self) -> Sequence[str]:
        """Return what was counted, a text for each line and zone."""
        followed = self.last.followed if self.last else None
        if not (self.last and followed and followed.sums):
            return []
        return list(followed.sums.report(self.last.name))


def visible(boxes: BoxArrays) -> BoxArrays:
    """Return boxes without the classes that are never shown."""
    classes = boxes.probabilities.shape[1]
    hidden = [k for k in range(classes) if (boxes.name(k) or "").startswith(HIDDEN)]
    if not hidden:
        return boxes
    scores = boxes.probabilities.copy()
    scores[:, hidden] = 0
    return replace(boxes, probabilities=scores)


def counts_of(flags: DemoFlags, size: tuple[int, int]) -> Counts | None:
    """Return the lines and the zones that are told, in frames of a size."""
    lines = [in_pixels(one, size, "-count") for one in read_lines(flags.count, "-count")]
    zones = [in_pixels(one, size, "-zone") for one in read_zones(flags.zone, "-zone")]
    return Counts([Line(start, end) for start, end in lines], zones) if lines or zones else None
