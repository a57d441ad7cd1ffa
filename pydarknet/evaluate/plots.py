"""The plots of an evaluation: curves, the confusion matrix, and the worst images."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..boxes.box import cxcywh_to_xyxy, iou
from ..boxes.draw import Mark, draw_marks
from ..boxes.palette import Color
from ..errors import DataError
from ..modules.transforms import load_image, save_image
from ..system.files import make_folder
from ..system.problems import guard
from .average_precision import MapReport
from .charts import curve, table
from .matched_dataset import MatchedDataset, inside
from .matching import first_claims

NOTHING = "(nothing)"
WORST = 12  # images drawn
LONGEST = 60  # letters of a name in a file name, which takes 255 bytes
RIGHT: Color = (0, 170, 0)
WRONG: Color = (255, 140, 0)
MISSED: Color = (220, 0, 0)


def plots(report: MapReport, folder: Path, exif: bool = True) -> None:
    """Draw a curve per class, the confusion matrix and the worst images into a folder.

    In the images, green boxes are right, orange ones wrong, red ones missed. They are read as the
    network read them: turned as their EXIF data say, or not.
    """
    try:
        make_folder(folder)
    except OSError as error:
        raise DataError(f"cannot be made: {error.strerror}", where=folder) from None
    for one in report.classes:
        title = f"{one.name}: AP {one.average_precision:.2%}, {one.counts.truths} true boxes"
        image = curve(one.curve.recall, one.curve.precision, title)
        save(image, folder / f"curve_{one.index:02d}_{file_name(one.name)}.png")
    names = [*report.dataset.names, NOTHING]
    image = table(confusions(report), names, names, ("what it is", "found as"))
    save(image, folder / "confusion.png")
    for place, (index, image) in enumerate(worst(report, exif), start=1):
        name = file_name(Path(report.dataset.paths[index]).stem)
        save(image, folder / f"worst_{place:02d}_{name}.jpg")


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


def worst(report: MapReport, exif: bool = True) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the indices of the images with most errors, and the images with boxes drawn."""
    dataset = report.dataset
    matches, images = dataset.matches, len(dataset.paths)
    above = matches.scores > np.float32(report.thresh)
    right = above & first_claims(matches.truths)
    missed = np.setdiff1d(np.arange(len(dataset.truths)), matches.truths[right])
    errors = np.bincount(matches.images[above & ~right], minlength=images)
    errors = errors + np.bincount(dataset.owners[missed], minlength=images)
    for index in np.argsort(-errors, kind="stable")[:WORST].tolist():
        if errors[index] and dataset.sizes[index].all():
            marks = [
                *detection_marks(dataset, np.flatnonzero(above & (matches.images == index)), right),
                *missed_marks(dataset, missed[dataset.owners[missed] == index]),
            ]
            with guard(dataset.paths[index]):
                image = load_image(dataset.paths[index], exif=exif)
                yield index, draw_marks(image, marks)


def detection_marks(dataset: MatchedDataset, rows: np.ndarray, right: np.ndarray) -> Iterator[Mark]:
    """Yield a mark for each detection of an image."""
    matches = dataset.matches
    for row in rows.tolist():
        name, score = dataset.names[matches.classes[row]], matches.scores[row]
        size = dataset.sizes[matches.images[row]]
        color = RIGHT if right[row] else WRONG
        yield mark(matches.boxes[row], size, color, f"{name}: {score:.2f}")


def missed_marks(dataset: MatchedDataset, rows: np.ndarray) -> Iterator[Mark]:
    """Yield a mark for each true box of an image without a detection."""
    for row in rows.tolist():
        index = dataset.truths.classes[row]
        known = 0 <= index < len(dataset.names)
        name = dataset.names[index] if known else f"class {index}"
        size = dataset.sizes[dataset.owners[row]]
        yield mark(dataset.truths.boxes[row], size, MISSED, f"missed {name}")


def mark(box: np.ndarray, size: np.ndarray, color: Color, text: str) -> Mark:
    """Return the mark of a box in 0..1 of an image of `size`, clipped to it."""
    edges = np.nan_to_num(cxcywh_to_xyxy(box), nan=0.0) * np.tile(size, 2)
    left, top, right, bottom = np.clip(edges, 0, np.tile(size - 1, 2)).astype(int).tolist()
    return Mark(left, top, right, bottom, color, text)
