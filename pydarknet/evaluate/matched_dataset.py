"""The detections of a data set, matched with its ground truth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import DataError
from ..system.console import note
from .dataset_detections import ImageDetections
from .ground_truth import GroundTruth, ground_truth_of
from .matching import Matches, match_image


@dataclass(frozen=True, eq=False)
class MatchedDataset:
    """Detections, ground truth and images of a data set.

    `truths` are the true boxes of all images, `owners` [T] the indices of their images, and
    `sizes` [N, 2] the width and height of each image in pixels.
    """

    paths: tuple[str, ...]
    names: tuple[str, ...]
    sizes: np.ndarray
    truths: GroundTruth
    owners: np.ndarray
    matches: Matches
    iou_thresh: float

    @property
    def truths_of_class(self) -> np.ndarray:
        """The number of true boxes per class, int64 [classes]; unknown classes do not count."""
        known = self.truths.classes[inside(self.truths, len(self.names))]
        return np.bincount(known, minlength=len(self.names))


def match_dataset(
    seen: Iterable[ImageDetections],
    names: Sequence[str],
    iou_thresh: float,
    lineage: str,
    *,
    difficult: Sequence[str] | None = None,
    polygons: bool = False,
) -> MatchedDataset:
    """Match detections with label files; `difficult` lists an image for each of them.

    `lineage` decides the paths of the label files; `polygons` are read as their bounds.

    Darknet: src/detector.c validate_detector_map (AlexeyAB)
    """
    paths, sizes, matches = [], [], []
    truths = [GroundTruth.of([])]
    first = 0
    for one in seen:
        true = ground_truth_of(one.path, lineage, polygons)
        true = warn_unknown_classes(true, one.path, len(names))
        excused = ground_truth_of(difficult[one.index], lineage, polygons) if difficult else None
        matches.append(
            match_image(
                one.boxes, true, iou_thresh, difficult=excused, image=one.index, first=first
            )
        )
        paths.append(one.path)
        sizes.append((one.width, one.height))
        truths.append(true)
        first += len(true)
    return MatchedDataset(
        paths=tuple(paths),
        names=tuple(names),
        sizes=np.array(sizes, np.int64).reshape(-1, 2),
        truths=GroundTruth(
            np.concatenate([true.classes for true in truths]),
            np.concatenate([true.boxes for true in truths]),
        ),
        owners=np.repeat(np.arange(len(paths)), [len(true) for true in truths[1:]]),
        matches=Matches.cat(matches),
        iou_thresh=iou_thresh,
    )


def warn_unknown_classes(truths: GroundTruth, image: str, classes: int) -> GroundTruth:
    """Return the ground truth unchanged; warn about its first class that the network lacks."""
    strange = truths.classes[~inside(truths, classes)]
    if len(strange):
        note(f"{image}: its labels name class {strange[0]}: expected 0 to {classes - 1}")
    return truths


def inside(truths: GroundTruth, classes: int) -> np.ndarray:
    """Return whether the class of each true box is in 0..classes - 1, bool [T]."""
    return (truths.classes >= 0) & (truths.classes < classes)


def check_pairs(paths: Sequence[str], difficult: Sequence[str] | None) -> None:
    """Raise an error if there are fewer difficult images than images."""
    if difficult is not None and len(difficult) < len(paths):
        raise DataError(
            f"the list of difficult images has {len(difficult)}: expected {len(paths)},"
            " one for each of the valid list"
        )
