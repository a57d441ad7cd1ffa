"""What decides which boxes are found: thresholds, the fit of the image, suppression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..cfg.dialect import Dialect
from ..cfg.lineage import PerLineage
from ..image.tiles import Tiling

THRESH = PerLineage(pjreddie=0.5, alexeyab=0.25)  # of `detector test`
NMS = 0.45


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How to decode a head's output: thresholds, and the file `map` of classes of a tree."""

    thresh: float
    hier: float = 0.5
    map: tuple[int, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The score that a box must exceed, and the overlap above which boxes are one."""

    thresh: float
    nms: float


@dataclass(frozen=True)
class Settings:
    """What decides which boxes are found; `nms` 0 switches suppression off, as in the C.

    With a `tiling`, large images are seen in tiles.
    """

    decoding: Decoding
    letterbox: bool
    nms: float
    stay: bool = False  # whether suppression keeps the order of boxes
    tiling: Tiling | None = None


class Detecting(Protocol):
    """A network that finds boxes: what of it decides which."""

    @property
    def dialect(self) -> Dialect:
        """The dialect, whose thresholds are used."""

    @property
    def limits(self) -> Limits | None:
        """Its own thresholds, if it comes from a file that has them."""

    @property
    def letter_box(self) -> bool:
        """Whether its cfg asks for a letterbox."""


def settings(
    network: Detecting,
    *,
    thresh: float | None = None,
    hier: float = 0.5,
    nms: float | None = None,
    letterbox: bool | None = None,
    map: tuple[int, ...] | None = None,
    tiling: Tiling | None = None,
) -> Settings:
    """Return the given values; for those omitted, the network's own, or those of `detector test`.

    Darknet: examples/detector.c test_detector
    """
    dialect = network.dialect
    if letterbox is None:
        letterbox = dialect.letterbox or network.letter_box
    limits = network.limits or Limits(thresh=THRESH.of(dialect), nms=NMS)
    thresh = limits.thresh if thresh is None else thresh
    thresh = float(np.float32(thresh))  # as the C compares scores with it
    decoding = Decoding(thresh=thresh, hier=hier, map=map)
    nms = limits.nms if nms is None else nms
    return Settings(decoding, letterbox, nms, tiling=tiling)
