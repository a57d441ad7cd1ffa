"""All detections and all truths of a data set, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import DataError
from ..system.console import note
from .dataset_detections import Seen
from .ground_truth import Truths, truths_of
from .matching import Matches, matched


@dataclass(frozen=True, eq=False)
class Evidence:
    """Detections, truths and images of a data set.

    `truths` are those of all images in their order, `owners` [T] the images they are in, and
    `sizes` [N, 2] the width and height of each image in pixels.
    """

    paths: tuple[str, ...]
    names: tuple[str, ...]
    sizes: np.ndarray
    truths: Truths
    owners: np.ndarray
    matches: Matches
    iou_thresh: float

    @property
    def truths_of_class(self) -> np.ndarray:
        """How many truths each class has, int64 [classes]; those of no class are not counted."""
        known = self.truths.classes[inside(self.truths, len(self.names))]
        return np.bincount(known, minlength=len(self.names))


def gather(
    seen: Iterable[Seen],
    names: Sequence[str],
    iou_thresh: float,
    lineage: str,
    *,
    difficult: Sequence[str] | None = None,
) -> Evidence:
    """Match all that was found with the label files; images of `difficult` pair with the others.

    `lineage` is whose rule says where label files are.

    Darknet: src/detector.c validate_detector_map (AlexeyAB)
    """
    paths, sizes, matches = [], [], []
    truths = [Truths.of([])]
    first = 0
    for one in seen:
        true = known(truths_of(one.path, lineage), one.path, len(names))
        excused = truths_of(difficult[one.index], lineage) if difficult else None
        matches.append(
            matched(one.boxes, true, iou_thresh, difficult=excused, image=one.index, first=first)
        )
        paths.append(one.path)
        sizes.append((one.width, one.height))
        truths.append(true)
        first += len(true)
    return Evidence(
        paths=tuple(paths),
        names=tuple(names),
        sizes=np.array(sizes, np.int64).reshape(-1, 2),
        truths=Truths(
            np.concatenate([true.classes for true in truths]),
            np.concatenate([true.boxes for true in truths]),
        ),
        owners=np.repeat(np.arange(len(paths)), [len(true) for true in truths[1:]]),
        matches=Matches.cat(matches),
        iou_thresh=iou_thresh,
    )


def known(truths: Truths, image: str, classes: int) -> Truths:
    """Return truths as they are, and tell the first whose class the network does not have."""
    strange = truths.classes[~inside(truths, classes)]
    if len(strange):
        note(f"{image}: its labels name class {strange[0]}: expected 0 to {classes - 1}")
    return truths


def inside(truths: Truths, classes: int) -> np.ndarray:
    """Say of each truth whether its class is one of so many; bool [T]."""
    return (truths.classes >= 0) & (truths.classes < classes)


def check_pairs(paths: Sequence[str], difficult: Sequence[str] | None) -> None:
    """Refuse a list of difficult images that does not pair with the list of images."""
    if difficult is not None and len(difficult) < len(paths):
        raise DataError(
            f"the list of difficult images has {len(difficult)}: expected {len(paths)},"
            " one for each of the valid list"
        )
