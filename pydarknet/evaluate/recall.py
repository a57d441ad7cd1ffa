"""Recall of a detector's boxes, whatever their class."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..boxes.box import iou
from ..boxes.detections import Detections
from ..boxes.nms import nms_obj
from ..boxes.settings import Settings, settings
from ..cfg.lineage import PerLineage
from ..graph.head import Head
from ..layers import DetectionHead
from ..network import Network
from .dataset_detections import DatasetDetector, ImageDetections
from .ground_truth import ground_truth_of

THRESH = 0.001  # of objectness
OVERLAP = 0.4  # IoU above which two boxes are one proposal
HIT = 0.5  # IoU above which a proposal finds a true box
LOOKS_AT_ALL = PerLineage(pjreddie=False, alexeyab=True)  # of the boxes, for a true box

Detect = Callable[[DatasetDetector, Sequence[str]], Iterable[ImageDetections] | None]


@dataclass(frozen=True)
class Recall:
    """The counts after an image: true boxes, those found, proposals, and the sum of best IoUs."""

    index: int
    correct: int = 0
    total: int = 0
    proposals: int = 0
    overlap: float = 0.0

    def line(self) -> str:
        """Return the line that `detector recall` prints after the image.

        Darknet: src/detector.c validate_detector_recall
        """
        overlap = float(np.float32(self.overlap) * np.float32(100))
        return (
            f"{self.index:5d} {self.correct:5d} {self.total:5d}"
            f"\tRPs/Img: {np.float32(self.proposals) / np.float32(self.index + 1):.2f}"
            f"\tIOU: {mean_text(overlap, self.total)}%"
            f"\tRecall:{mean_text(100 * self.correct, self.total)}%"
        )


def mean_text(total: float, count: int) -> str:
    """Return a mean with two decimals, or -nan, which C prints for 0 / 0."""
    value = total / count if count else math.nan
    return "-nan" if math.isnan(value) else f"{value:.2f}"


def recall(
    network: Network,
    paths: Sequence[str],
    overlap: float = OVERLAP,
    polygons: bool = False,
    others: Sequence[Network] = (),
    detect: Detect = DatasetDetector.detect,
) -> Iterator[Recall]:
    """Yield the counts after each image. In both lineages images are stretched, not letterboxed.

    Boxes whose IoU exceeds `overlap` count as one; with 0, all count. What `others` find is fused
    with them; the objectness of a fused box is its score. `detect` returns the detections of each
    image; if it returns none, nothing is counted.

    Darknet: src/detector.c validate_detector_recall
    """
    chosen = settings(network, thresh=THRESH, nms=overlap, letterbox=False)
    detector = DatasetDetector(network, chosen, suppress=proposals, others=others)
    found = detect(detector, paths) or ()
    if others and overlap:  # a box of several classes was fused as one of each
        found = (replace(one, boxes=nms_obj(one.boxes, overlap)) for one in found)
    most = None if others else boxes_looked_at(network)
    yield from recalls_of(found, chosen, network.dialect.name, polygons, most)


def boxes_looked_at(network: Network) -> int | None:
    """Return how many boxes of an image may find a true one; None: all.

    The original looks at as many as its last layer has, the best of all layers.

    Darknet: examples/detector.c validate_detector_recall
    Quirk: RECALL_OF_LAST_HEAD
    """
    last = network.nodes[-1]
    if LOOKS_AT_ALL.of(network.dialect) or not isinstance(last.layer, DetectionHead):
        return None
    return last.output.w * last.output.h * last.layer.boxes or None


def proposals(
    heads: Sequence[Head], found: Sequence[Detections], chosen: Settings
) -> list[Detections]:
    """Return the boxes of each image after suppression by objectness, on the CPU."""
    left = (nms_obj(boxes, chosen.nms) for boxes in found) if chosen.nms else found
    return [boxes.to("cpu") for boxes in left]


def recalls_of(
    seen: Iterable[ImageDetections],
    chosen: Settings,
    lineage: str,
    polygons: bool = False,
    most: int | None = None,
) -> Iterator[Recall]:
    """Yield the counts after each image; its first `most` detections may find a true box."""
    now = Recall(-1)
    overlap = np.float32(0)
    for one in seen:
        truths = ground_truth_of(one.path, lineage, polygons)
        left = one.boxes.objectness > chosen.decoding.thresh
        best = np.zeros(len(truths), np.float32)
        if left.any() and len(truths):
            best = iou(truths.boxes, one.boxes.boxes[:most][left[:most]].numpy()).max(1, initial=0)
        overlap = np.add.accumulate(np.append(overlap, best), dtype=np.float32)[-1]
        now = Recall(
            index=one.index,
            correct=now.correct + int((best > HIT).sum()),
            total=now.total + len(truths),
            proposals=now.proposals + int(left.sum()),
            overlap=float(overlap),
        )
        yield now
