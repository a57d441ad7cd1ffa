"""Average precision: how well the scores of detections tell the right ones from the wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import UsageError
from ..inference.predict import settings
from ..network import Network
from .dataset_detections import Search, Seen, classes_of, evaluating
from .matched_dataset import Evidence, check_pairs, gather
from .matching import Matches, first_claims

LEAST_SCORE = 0.005  # of detections that are ranked

Watch = Callable[[Iterable[Seen]], Iterable[Seen]]


@dataclass(frozen=True, eq=False)
class Curve:
    """Precision and recall [n] of one class after each of its detections, best first."""

    scores: np.ndarray
    precision: np.ndarray
    recall: np.ndarray


@dataclass(frozen=True)
class Counts:
    """Detections above a score that are right and wrong, and the mean IoU of all of them."""

    tp: int
    fp: int
    average_iou: float
    truths: int

    @property
    def fn(self) -> int:
        """How many truths were not found."""
        return self.truths - self.tp

    @property
    def precision(self) -> float:
        """The share of detections that are right, NaN where there are none."""
        return ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """The share of truths that were found, NaN where there are none."""
        return ratio(self.tp, self.truths)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall, NaN where both are 0."""
        precision, recall = np.float32(self.precision), np.float32(self.recall)
        return ratio(float(np.float32(2) * precision * recall), float(precision + recall))


@dataclass(frozen=True, eq=False)
class ClassReport:
    """What the evaluation says of one class; `counts` are those above the report's `thresh`."""

    index: int
    name: str
    average_precision: float
    counts: Counts
    curve: Curve


@dataclass(frozen=True, eq=False)
class Report:
    """What the evaluation says of a network; it keeps the evidence, for pictures and figures."""

    classes: tuple[ClassReport, ...]
    counts: Counts
    detections: int
    thresh: float
    iou_thresh: float
    points: int
    evidence: Evidence

    @property
    def mean_average_precision(self) -> float:
        """The mean over all classes; one without truths counts as 0."""
        return sum(one.average_precision for one in self.classes) / max(len(self.classes), 1)


def average_precision(
    network: Network,
    paths: Sequence[str],
    *,
    thresh: float = 0.25,
    iou_thresh: float = 0.5,
    points: int = 0,
    difficult: Sequence[str] | None = None,
    watch: Watch = iter,
) -> Report:
    """Find boxes in images, compare them with their label files, and report.

    A network in training may be given: it is evaluated at its cfg's size, with its rolling
    statistics, and left as it was. `watch` is handed what is found, image by image.

    Darknet: src/detector.c validate_detector_map (AlexeyAB)
    """
    check_points(points)
    check_pairs(paths, difficult)
    names = network.names or ()
    classes = classes_of(network)
    named = [*names, *(f"class {i}" for i in range(len(names), classes))][:classes]
    chosen = settings(network, thresh=LEAST_SCORE, hier=0)
    with evaluating(network):
        seen = watch(Search(network, chosen).find(paths))
        evidence = gather(seen, named, iou_thresh, network.dialect.name, difficult=difficult)
    return summary(evidence, thresh=thresh, points=points)


def summary(evidence: Evidence, *, thresh: float = 0.25, points: int = 0) -> Report:
    """Report on the evidence: above `thresh`, and over the ranking of all detections."""
    check_points(points)
    ranked = evidence.matches.take(~evidence.matches.difficult)
    counts = counted(evidence, thresh)
    classes = [
        ClassReport(index, name, average(curve, points), counts[index], curve)
        for index, (name, curve) in enumerate(
            zip(evidence.names, curves(ranked, evidence.truths_of_class), strict=True)
        )
    ]
    return Report(
        classes=tuple(classes),
        counts=counts[len(classes)],
        detections=len(ranked),
        thresh=thresh,
        iou_thresh=evidence.iou_thresh,
        points=points,
        evidence=evidence,
    )


def check_points(points: int) -> None:
    """Refuse numbers of recall points that cannot be spread from 0 to 1."""
    if points < 0 or points == 1:
        raise UsageError(f"-points {points}: expected 0 for the area, or at least 2 points")


def counted(evidence: Evidence, thresh: float) -> list[Counts]:
    """Count what is above a score: class by class, and all together last.

    The first detection that was made of a truth is the right one, whatever its score: a better
    one made later is wrong.

    Darknet: src/detector.c validate_detector_map (AlexeyAB)
    Quirk: FIRST_MADE_CLAIMS
    """
    matches, classes = evidence.matches, len(evidence.names)
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
        [*evidence.truths_of_class.tolist(), len(evidence.truths)],
    ]
    return [counts_of(*row) for row in zip(*columns, strict=True)]


def counts_of(tp: int, made: int, overlap: float, truths: int) -> Counts:
    """Return the counts of `made` detections whose right ones overlap by so much in all."""
    return Counts(tp, made - tp, ratio(overlap, made) if made else 0.0, truths)


def curves(matches: Matches, truths: np.ndarray) -> Iterator[Curve]:
    """Yield the curve of each class; `truths` [classes] says how many truths each has.

    Down the ranking, the first detection of a truth is right, all others are wrong. Equal scores
    stand in the order in which they were made.

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
    """Return the average precision: the area under the curve, or the mean at so many recalls."""
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
    """Return the mean of the best precisions at so many recalls."""
    return float(best_precisions(curve, points).sum() / points)


def best_precisions(curve: Curve, points: int) -> np.ndarray:
    """Return, for recalls evenly from 0 to 1, the best precision at that or more: [points].

    Darknet: src/detector.c validate_detector_map (AlexeyAB)
    """
    envelope = np.append(np.maximum.accumulate(curve.precision[::-1])[::-1], 0.0)
    recalls = np.arange(points) * 1.0 / (points - 1)
    return envelope[np.searchsorted(curve.recall, recalls)]


def ratio(part: float, whole: float) -> float:
    """Return a quotient in 32 bits, NaN where nothing is divided by nothing."""
    return float(np.float32(part) / np.float32(whole)) if whole else float("nan")
