"""The frames that a demo looks at."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .detections_text import Found


class Frame(NamedTuple):
    """A frame that is looked at: its number from 1, and its pixels uint8 RGB [H, W, 3]."""

    number: int
    pixels: np.ndarray


class Seen(NamedTuple):
    """A frame, the boxes found in it, and it with its boxes, where those are drawn."""

    frame: Frame
    found: Found
    drawn: np.ndarray | None
