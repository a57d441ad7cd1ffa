"""The texts of an image's boxes: lines, JSON, label files."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..boxes.box_arrays import BoxArrays
from ..cfg.lineage import PerLineage
from ..system.text import json_text

if TYPE_CHECKING:
    from ..runtime.any_network import AnyNetwork
    from ..tracking.followed import Followed

HIDDEN = "dont_show"  # a name that begins so is never the best class of a box
LEAST_IN_JSON = 0.005


@dataclass(frozen=True)
class Found:
    """The boxes found in one image file, its size in pixels, and how long that took."""

    path: str
    width: int
    height: int
    seconds: float
    boxes: BoxArrays
    thresh: float
    followed: Followed | None = None  # what is known of boxes that have ids

    @classmethod
    def nothing(cls, path: str, thresh: float) -> Found:
        """Return what is found in an image that cannot be read: it has no size."""
        boxes = np.zeros((0, 4), np.float32)
        return cls(path, 0, 0, 0.0, BoxArrays(boxes, boxes[:, 0], boxes[:, :1]), thresh)

    @property
    def readable(self) -> bool:
        """Whether the image could be read."""
        return self.width > 0

    def track(self, row: int) -> str:
        """Return what the fork prints of the object that a box is: its id and its similarity.

        Darknet: src/image_opencv.cpp draw_detections_cv_v3 (AlexeyAB)
        """
        number = 0 if self.boxes.track_ids is None else int(self.boxes.track_ids[row])
        if not (number and self.followed):
            return ""
        return f"(track = {number}, sim = {self.followed.similarities[row]:f}) "

    def name(self, index: int) -> str:
        """Return a class's name, or its number where the names do not reach."""
        return self.boxes.name(index) or f"class {index}"


def lines(network: AnyNetwork, found: Found, positions: bool = False) -> str:
    """Return the lines of one image in the words of the network's dialect."""
    return "\n".join(TEST_LINES.of(network.dialect)(network, found, positions))


def time_line(found: Found) -> str:
    """Return the original's line of the time."""
    return f"{found.path}: Predicted in {found.seconds:f} seconds."


def lines_pjreddie(network: AnyNetwork, found: Found, positions: bool) -> Iterator[str]:
    """Yield the original's lines: the time, then the classes box by box.

    Darknet: examples/detector.c test_detector
    """
    yield time_line(found)
    yield from all_classes(found)


def all_classes(found: Found) -> Iterator[str]:
    """Yield a line per class above the threshold, box by box in the order of suppression.

    Darknet: src/image.c draw_detections
    """
    for place, row in enumerate(found.boxes.probabilities.tolist()):
        track = found.track(place)
        for index, score in enumerate(row):
            if score > found.thresh:
                yield f"{found.name(index)}: {score * 100:.0f}%{track and ' ' + track}"


def best_classes(found: Found) -> Iterator[str]:
    """Yield a line per box: its best class, if that exceeds the threshold.

    Darknet: src/image.c draw_detections (AlexeyAB)
    """
    for row in found.boxes.probabilities.tolist():
        best = best_class(found, row)
        if best is not None:
            yield f"{found.name(best)}: {row[best] * 100:.0f}%"


def lines_alexeyab(network: AnyNetwork, found: Found, positions: bool) -> Iterator[str]:
    """Yield the fork's lines: heads, time, then boxes from left to right, best class first.

    Darknet: src/detector.c test_detector, src/image.c draw_detections_v3 (AlexeyAB)
    """
    yield from network.traits.type_lines
    yield f"{found.path}: Predicted in {found.seconds * 1000:f} milli-seconds."
    boxes = found.boxes.boxes.tolist()
    rows = found.boxes.probabilities.tolist()
    best_of = {i: best_class(found, row) for i, row in enumerate(rows)}
    shown = [(i, best) for i, best in best_of.items() if best is not None]
    for i, best in sorted(shown, key=lambda pair: boxes[pair[0]][0] - boxes[pair[0]][2] / 2):
        where = position(found, boxes[i]) if positions else ""
        others = [k for k, score in enumerate(rows[i]) if score > found.thresh and k != best]
        for index in [best, *others]:
            yield f"{found.name(index)}: {rows[i][index] * 100:.0f}%{where}"


TEST_LINES: PerLineage[Callable[[AnyNetwork, Found, bool], Iterator[str]]] = PerLineage(
    pjreddie=lines_pjreddie, alexeyab=lines_alexeyab
)
CLASS_LINES: PerLineage[Callable[[Found], Iterator[str]]] = PerLineage(  # of `yolo test`
    pjreddie=all_classes, alexeyab=best_classes
)


def best_class(found: Found, row: list[float]) -> int | None:
    """Return the best class of a box that may be shown, if it exceeds the threshold.

    Darknet: src/image.c get_actual_detections (AlexeyAB)
    """
    best, most = None, found.thresh
    for index, score in enumerate(row):
        if score > most and not found.name(index).startswith(HIDDEN):
            best, most = index, score
    return best


def position(found: Found, box: list[float]) -> str:
    """Return where a box lies in pixels, rounded half away from zero and not clipped."""
    x, y, w, h = box
    left, top = (x - w / 2) * found.width, (y - h / 2) * found.height
    sides = [round_half_away(n) for n in (left, top, w * found.width, h * found.height)]
    return "\t(left_x: {:4.0f}   top_y: {:4.0f}   width: {:4.0f}   height: {:4.0f})".format(*sides)


def round_half_away(x: float) -> float:
    """Round half away from zero, as C does; minus zero keeps its sign."""
    return math.copysign(math.floor(abs(x) + 0.5), x)


def json_of(found: Found, frame: int, *, named: bool = True) -> str:
    """Return the fork's JSON of one image: a line per object, an object per box and class.

    `named` says the file, too. Of boxes that are followed it says the ids, null where there is none
    yet, and what was counted.

    Darknet: src/image.c detection_to_json (AlexeyAB)
    Quirk: JSON_ESCAPES
    """
    boxes, scores = found.boxes.boxes.tolist(), found.boxes.probabilities.tolist()
    ids = found.boxes.track_ids
    tracks = [""] * len(boxes) if ids is None else [track_json(one) for one in ids.tolist()]
    objects = [
        json_object(found, index, box, score, track)
        for box, row, track in zip(boxes, scores, tracks, strict=True)
        for index, score in enumerate(row)
        if score > LEAST_IN_JSON and not found.name(index).startswith(HIDDEN)
    ]
    path = f' "filename":{json_text(found.path)}, \n' if named else ""
    head = f'{{\n "frame_id":{frame}, \n{path}{counts_json(found)} "objects": [ \n'
    return head + ", \n".join(objects) + "\n ] \n}"


def json_object(found: Found, index: int, box: list[float], score: float, track: str) -> str:
    """Return the JSON of one class of one box."""
    x, y, w, h = box
    name = json_text(found.name(index))
    return (
        f'  {{"class_id":{index}, "name":{name}, "relative_coordinates":{{"center_x":{x:f},'
        f' "center_y":{y:f}, "width":{w:f}, "height":{h:f}}}, "confidence":{score:f}{track}}}'
    )


def track_json(number: int) -> str:
    """Return the end of the JSON of a box that is followed: its id."""
    return f', "track_id":{number or "null"}'


def counts_json(found: Found) -> str:
    """Return the line of what was counted up to a frame; empty if nothing is."""
    sums = found.followed.sums if found.followed else None
    return f' "counts":{json_text(sums.json(found.name))}, \n' if sums else ""


def labels_of(found: Found) -> str:
    """Return the lines of a label file: best class, centre and size of each box.

    Darknet: src/detector.c test_detector (AlexeyAB, -save_labels)
    """
    rows = zip(found.boxes.boxes.tolist(), found.boxes.probabilities.tolist(), strict=True)
    best = [(best_class(found, row), box) for box, row in rows]
    return "".join(
        f"{index} " + " ".join(f"{value:2.4f}" for value in box) + "\n"
        for index, box in best
        if index is not None
    )
