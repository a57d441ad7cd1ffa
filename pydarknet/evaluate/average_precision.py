"""Average precision of detections, per class and as a mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..boxes.settings import settings
from ..errors import UsageError
from ..image.tiles import Tiling
from ..network import Network
from .dataset_detections import DatasetDetector, ImageDetections, classes_of, evaluation_mode
from .matched_dataset import MatchedDataset, check_pairs, match_dataset
from .matching import Matches, first_claims

LEAST_SCORE = 0.005  # detections above it are ranked

Watch = Callable[[Iterable[ImageDetections]], Iterable[ImageDetections]]
Detect = Callable[[DatasetDetector, Sequence[str]], Iterable[ImageDetections]]


@dataclass(frozen=True, eq=False)
class Curve:
    """Precision and recall [n] of one class after each of its detections, best first."""

    scores: np.ndarray
    precision: np.ndarray
    recall: np.ndarray


@dataclass(frozen=True)
class Counts:
    """True and false positives above a score, their mean IoU, and the number of true boxes."""

    tp: int
    fp: int
    average_iou: float
    truths: int

    @property
    def fn(self) -> int:
        """The number of true boxes without a detection."""
        return self.truths - self.tp

    @property
    def precision(self) -> float:
        """The fraction of detections that are right, NaN if there are none."""
        return ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """The fraction of true boxes with a detection, NaN if there are none."""
        return ratio(self.tp, self.truths)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall, NaN if both are 0."""
        precision, recall = np.float32(self.precision), np.float32(self.recall)
        return ratio(float(np.float32(2) * precision * recall), float(precision + recall))


@dataclass(frozen=True, eq=False)
class ClassReport:
    """The evaluation of one class; `counts` are those above the report's `thresh`."""

    index: int
    name: str
    average_precision: float
    counts: Counts
    curve: Curve


@dataclass(frozen=True, eq=False)
class MapReport:
    """The evaluation of a network; it keeps the matched dataset, for plots and COCO's figures."""

    classes: tuple[ClassReport, ...]
    counts: Counts
    detections: int
    thresh: float
    iou_thresh: float
    points: int
    dataset: MatchedDataset

    @property
    def mean_average_precision(self) -> float:
        """The mean over all classes; a class without true boxes counts as 0."""
        return sum(one.average_precision for one in self.classes) / max(len(self.classes), 1)


def average_precision(
    network: Network,
    paths: Sequence[str],
    *,
    thresh: float = 0.25,
    iou_thresh: float = 0.5,
    points: int = 0,
    difficult: Sequence[str] | None = None,
    polygons: bool = False,
    tiling: Tiling | None = None,
    others: Sequence[Network] = (),
    watch: Watch = iter,
    detect: Detect = DatasetDetector.detect,
) -> MapReport:
    """Return the report on a network's detections, compared with label files.

    The network may be in training: it is evaluated at its cfg's size, with its rolling
    statistics, and is unchanged afterwards. With a `tiling`, it sees large images in tiles. What
    `others` find is fused with its boxes. `watch` wraps the detections of each image, which
    `detect` returns.

    Darknet: src/detector.c validate_detector_map (AlexeyAB)
    """
    check_points(points)
    check_pairs(paths, difficult)
    names = network.names or ()
    classes = classes_of(network)
    named = [*names, *(f"class {i}" for i in range(len(names), classes))][:classes]
    detector = ranking_detector(network, others, tiling)
    with evaluation_mode(network):
        seen = watch(detect(detector, paths))
        dataset = match_dataset(
            seen, named, iou_thresh, network.dialect.name, difficult=difficult, polygons=polygons
        )
    return summary(dataset, thresh=thresh, points=points)


def ranking_detector(
    network: Network, others: Sequence[Network] = (), tiling: Tiling | None = None
) -> DatasetDetector:
    """Return what finds the boxes that are ranked for average precision: those of any score."""
    chosen = settings(network, thresh=LEAST_SCORE, hier=0, tiling=tiling)
    return DatasetDetector(network, chosen, others=others)


def summary(dataset: MatchedDataset, *, thresh: float = 0.25, points: int = 0) -> MapReport:
    """Return the report on a matched dataset: counts above `thresh`, and average precision."""
    check_points(points)
    ranked = dataset.matches.take(~dataset.matches.difficult)
    counts = counts_above(dataset, thresh)
    classes = [
        ClassReport(index, name, average(curve, points), counts[index], curve)
        for index, (name, curve) in enumerate(
            zip(dataset.names, curves(ranked, dataset.truths_of_class), strict=True)
        )
    ]
    return MapReport(
        classes=tuple(classes),
        counts=counts[len(classes)],
        detections=len(ranked),
        thresh=thresh,
        iou_thresh=dataset.iou_thresh,
        points=points,
        dataset=dataset,
    )


def check_points(points: int) -> None:
    """Raise an error unless the number of points is 0 or at least 2."""
    if points < 0 or points == 1:
        raise UsageError(f"-points {points}: expected 0 for the area, or at least 2 points")


def counts_above(dataset: MatchedDataset, thresh: float) -> list[Counts]:
    """Return the counts above a score, of each class, and last of all classes.

    If several detections match a true box, the first in order is right, even if a later one has
    a better score.

    Darknet: src/detector.c validate_detector_map (AlexeyAB)
    Quirk: FIRST_MADE_CLAIMS
    """
    matches, classes = dataset.matches, len(dataset.names)
    above = matches.scores > np.float32(thresh)
    right = above & first_claims(matches.truths)
    hits, made = (np.bincount(matches.classes[s], minlength=classes) for s in (right, above))
    sums = np.zeros(classes, np.float32)
    np.add.at(sums, matches.classes[right], matches.overlaps[right])
    total = np.add.accumulate(np.append(np.float32(0), matches.overlaps[right]), dtype=np.float32)
    columns = [
        [*hits.tolist(), int(right.sum())],
        [*made.tolist(), int(above.sum())],
        [*sums.tolist(), float(total[-1])],
        [*dataset.truths_of_class.tolist(), len(dataset.truths)],
    ]
    return [counts_of(*row) for row in zip(*columns, strict=True)]


def counts_of(tp: int, made: int, overlap: float, truths: int) -> Counts:
    """Return counts, given the number of detections and the summed IoU of right ones."""
    return Counts(tp, made - tp, ratio(overlap, made) if made else 0.0, truths)


def curves(matches: Matches, truths: np.ndarray) -> Iterator[Curve]:
    """Yield the curve of each class; `truths` [classes] are the numbers of true boxes.

    In order of scores, the first detection of a true box is right, all others are wrong. Equal
    scores keep their order.

    Darknet: src/detector.c validate_detector_map (AlexeyAB)
    """
    order = np.argsort(-matches.scores, kind="stable")
    right = first_claims(matches.truths[order])
    classes = matches.classes[order]
    by_class = np.argsort(classes, kind="stable")
    ends = np.searchsorted(classes[by_class], np.arange(len(truths) + 1))
    for index, total in enumerate(truths.tolist()):
        rows = by_class[ends[index] : ends[index + 1]]
        tp = np.cumsum(right[rows])
        precision = tp / np.arange(1, len(rows) + 1)
        recall = tp / max(total, 1)
        yield Curve(matches.scores[order[rows]], precision, recall)


def average(curve: Curve, points: int) -> float:
    """Return the average precision: the area under the curve, or the mean at `points` recalls."""
    return at_recalls(curve, points) if points else area(curve)


def area(curve: Curve) -> float:
    """Return the area under the envelope of a curve, 0 without detections.

    Darknet: src/detector.c validate_detector_map (AlexeyAB)
    """
    if not len(curve.recall):
        return 0.0
    envelope = np.maximum.accumulate(curve.precision[::-1])[::-1]
    steps = np.diff(curve.recall)
    return float(steps @ envelope[:-1] + curve.recall[0] * envelope[0])


def at_recalls(curve: Curve, points: int) -> float:
    """Return the mean of the best precisions at `points` recalls."""
    return float(best_precisions(curve, points).sum() / points)


def best_precisions(curve: Curve, points: int) -> np.ndarray:
    """Return the best precision at or beyond each of `points` recalls from 0 to 1.

    The fork's Makefile lets its compiler multiply by the reciprocal of `points - 1`. So the
    fourth of 11 recalls is a little more than .3, and a recall of 3/10 does not reach it.

    Darknet: src/detector.c validate_detector_map (AlexeyAB)
    """
    envelope = np.append(np.maximum.accumulate(curve.precision[::-1])[::-1], 0.0)
    recalls = np.arange(points) * (1.0 / (points - 1))
    return envelope[np.searchsorted(curve.recall, recalls)]


def ratio(part: float, whole: float) -> float:
    """Return a quotient in float32, or NaN if the divisor is 0."""
    return float(np.float32(part) / np.float32(whole)) if whole else float("nan")
