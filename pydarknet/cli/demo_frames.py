"""The frames that a demo looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..boxes.draw import draw
from .detections_text import Found

if TYPE_CHECKING:
    from ..boxes.placement import Memory
    from .demo_flags import DemoFlags


class Frame(NamedTuple):
    """A frame that is looked at: its number from 1, and its pixels uint8 RGB [H, W, 3].

    `seconds` is when it is shown, since any moment.
    """

    number: int
    pixels: np.ndarray
    seconds: float = 0.0


class Seen(NamedTuple):
    """A frame, the boxes found in it, and it with its boxes, where those are drawn."""

    frame: Frame
    found: Found
    drawn: np.ndarray | None


def draw_found(
    pixels: np.ndarray,
    found: Found,
    lineage: str,
    flags: DemoFlags,
    memory: Memory | None = None,
) -> np.ndarray:
    """Return a frame, uint8 RGB [H, W, 3], with what was found in it; any thread may do this.

    Lines and zones lie under the boxes, their numbers above. A `memory` keeps labels in place.
    """
    boxes, followed = found.boxes, found.followed
    drawn = draw(
        followed.ground(pixels) if followed else pixels,
        boxes if followed else boxes.kept(),
        boxes.names,
        found.thresh,
        lineage,
        colors=flags.colors,
        font=flags.font,
        extras=followed.extras if followed else None,
        memory=memory,
    )
    if followed:
        followed.write(drawn, flags.font)
    return drawn
