"""What a demo prints of each frame, in the words of either lineage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..cfg.lineage import PerLineage
from .detections_text import HIDDEN, Found, all_classes

if TYPE_CHECKING:
    from ..video.rate import Rate


@dataclass(frozen=True)
class DemoTexts:
    """A lineage's lines of the rate and of a frame's boxes."""

    before: Callable[[Rate], str]
    boxes: Callable[[Found, bool], Iterator[str]]
    after: Callable[[Rate], str]


def box_lines(found: Found, positions: bool) -> Iterator[str]:
    """Yield the fork's line of each box: all its classes, in the order of suppression.

    Darknet: src/image_opencv.cpp draw_detections_cv_v3 (AlexeyAB)
    """
    rows = zip(found.boxes.boxes, found.boxes.probabilities.tolist(), strict=True)
    for place, (box, row) in enumerate(rows):
        named = [
            f"{found.name(k)}: {score * 100:.0f}% "
            for k, score in enumerate(row)
            if score > found.thresh and not found.name(k).startswith(HIDDEN)
        ]
        if named:
            named[0] += found.track(place)
            yield ", ".join(named) + (clipped_position(found, box) if positions else "")


def clipped_position(found: Found, box: np.ndarray) -> str:
    """Return where a box lies in pixels: left and top whole and inside, width and height not.

    Darknet: src/image_opencv.cpp draw_detections_cv_v3 (AlexeyAB)
    """
    x, y, w, h = np.minimum(np.nan_to_num(box, nan=0.5, posinf=0.5, neginf=0.5), np.float32(1))
    left = max(int((x - w / 2) * found.width), 0)
    top = max(int((y - h / 2) * found.height), 0)
    width, height = w * found.width, h * found.height
    return (
        f"\t(left_x: {left:4.0f}   top_y: {top:4.0f}   width: {width:4.0f}   height: {height:4.0f})"
    )


DEMO_TEXTS = PerLineage(
    pjreddie=DemoTexts(
        before=lambda rate: f"\nFPS:{rate.present:.1f}\nObjects:\n\n",
        boxes=lambda found, positions: all_classes(found),
        after=lambda rate: "",
    ),
    alexeyab=DemoTexts(
        before=lambda rate: "Objects:\n\n",
        boxes=box_lines,
        after=lambda rate: f"\nFPS:{rate.present:.1f} \t AVG_FPS:{rate.average:.1f}\n",
    ),
)
