"""The plots of an evaluation: curves, the confusion matrix, and the worst images."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ..boxes.box import iou
from ..charts.confusion import confusion_figure
from ..charts.curves import ClassCurve, class_figure, curves_figure
from ..charts.figure import pixels
from ..errors import DataError
from ..image.files import save_image
from ..system.files import make_folder
from ..system.problems import guard
from ..system.text import count_of
from .average_precision import ClassReport, MapReport
from .matched_dataset import MatchedDataset, inside
from .worst_images import worst

NOTHING = "(nothing)"
LONGEST = 60  # letters of a name in a file name, which takes 255 bytes


def plots(report: MapReport, folder: Path, exif: bool = True) -> None:
    """Draw curves of each class and of all, the confusion matrix and the worst images.

    The images have a legend below. They are read as the network read them: turned as their EXIF
    data say, or not. Raises DataError if the folder cannot be made, MissingPackage.
    """
    try:
        make_folder(folder)
    except OSError as error:
        raise DataError(f"cannot be made: {error.strerror}", where=folder) from None
    curves = [curve_of(one) for one in report.classes]
    for one, curve in zip(report.classes, curves, strict=True):
        file = folder / f"curve_{one.index:02d}_{file_name(one.name)}.png"
        save(pixels(class_figure(curve, report.thresh)), file)
    mean = report.mean_average_precision
    save(pixels(curves_figure(curves, mean, report.thresh)), folder / "curves.png")
    names = [*report.dataset.names, NOTHING]
    matrix = confusion_figure(confusions(report), names, text_of_counts(report))
    save(pixels(matrix), folder / "confusion.png")
    for place, (index, image) in enumerate(worst(report, exif), start=1):
        name = file_name(Path(report.dataset.paths[index]).stem)
        save(image, folder / f"worst_{place:02d}_{name}.jpg")


def curve_of(one: ClassReport) -> ClassCurve:
    """Return what is drawn of a class."""
    curve = one.curve
    return ClassCurve(
        one.name,
        one.average_precision,
        one.counts.truths,
        curve.scores,
        curve.precision,
        curve.recall,
    )


def text_of_counts(report: MapReport) -> str:
    """Return the line that says what the confusion matrix counts."""
    images = count_of(len(report.dataset.paths), "image")
    return f"{images}, confidence above {report.thresh:g}, IoU above {report.iou_thresh:g}"


def save(image: np.ndarray, file: Path) -> None:
    """Write one of several plots; if that fails, the others are written."""
    with guard(str(file)):
        save_image(image, file)


def file_name(name: str) -> str:
    """Return a name without characters that file names cannot have."""
    return re.sub(r"[^\w.-]+", "_", name)[:LONGEST]


def confusions(report: MapReport) -> np.ndarray:
    """Return the confusion matrix, int64 [classes + 1, classes + 1].

    Rows are true boxes, columns detections above the report's `thresh`; the last of each stands
    for no box. Best score first, a detection matches the free true box with most IoU, whatever
    their classes, if it exceeds `iou_thresh`.
    """
    dataset, classes = report.dataset, len(report.classes)
    counts = np.zeros((classes + 1, classes + 1), np.int64)
    above = np.flatnonzero(dataset.matches.scores > np.float32(report.thresh))
    above = above[np.argsort(-dataset.matches.scores[above], kind="stable")]
    known = inside(dataset.truths, classes)
    for image in range(len(dataset.paths)):
        true = np.flatnonzero((dataset.owners == image) & known)
        found = above[dataset.matches.images[above] == image]
        pairs = pairs_of(dataset, true, found)
        left = set(range(len(true))) - set(pairs.values())
        for place, row in enumerate(found):
            truth = dataset.truths.classes[true[pairs[place]]] if place in pairs else classes
            counts[truth, dataset.matches.classes[row]] += 1
        np.add.at(counts[:, classes], dataset.truths.classes[true[sorted(left)]], 1)
    return counts


def pairs_of(dataset: MatchedDataset, true: np.ndarray, found: np.ndarray) -> dict[int, int]:
    """Return the index in `true` of the match of each detection, by its index in `found`.

    The best detection of the image comes first.
    """
    pairs: dict[int, int] = {}
    if not len(true) or not len(found):
        return pairs
    overlaps = iou(dataset.matches.boxes[found], dataset.truths.boxes[true])
    for place, row in enumerate(overlaps):
        best = int(row.argmax())
        if row[best] > np.float32(dataset.iou_thresh):
            pairs[place] = best
            overlaps[:, best] = -1
    return pairs
