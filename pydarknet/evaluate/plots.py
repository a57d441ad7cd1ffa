"""The pictures of an evaluation: curves, confusions, and the images that went worst."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from ..boxes.box import cxcywh_to_xyxy, iou
from ..boxes.draw import STYLES, Color, Mark, draw_marks
from ..errors import DataError
from ..modules.transforms import load_image, save_image
from .average_precision import Report
from .charts import curve, table
from .matched_dataset import Evidence, inside
from .matching import first_claims

NOTHING = "(nothing)"
WORST = 12  # images drawn
RIGHT: Color = (0, 170, 0)
WRONG: Color = (255, 140, 0)
MISSED: Color = (220, 0, 0)


def plots(report: Report, folder: Path) -> None:
    """Draw a curve a class, the confusion matrix and the worst images into a folder.

    In the images, green is right, orange wrong, and red what was missed.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot be made: {error.strerror}", where=folder) from None
    for one in report.classes:
        title = f"{one.name}: AP {one.average_precision:.2%}, {one.counts.truths} truths"
        picture = curve(one.curve.recall, one.curve.precision, title)
        save_image(picture, folder / f"curve_{one.index:02d}_{file_name(one.name)}.png")
    names = [*report.evidence.names, NOTHING]
    picture = table(confusions(report), names, names, ("what it is", "found as"))
    save_image(picture, folder / "confusion.png")
    for place, (index, picture) in enumerate(worst(report), start=1):
        name = file_name(Path(report.evidence.paths[index]).stem)
        save_image(picture, folder / f"worst_{place:02d}_{name}.jpg")


def file_name(name: str) -> str:
    """Return a name without what a file's name cannot have."""
    return re.sub(r"[^\w.-]+", "_", name)


def confusions(report: Report) -> np.ndarray:
    """Count what each true class was taken for, int64 [classes + 1, classes + 1].

    Rows are truths and columns detections above the report's `thresh`, the last of both being
    nothing. Best score first, a detection takes the free truth it overlaps most, whatever their
    classes, if by more than `iou_thresh`.
    """
    evidence, classes = report.evidence, len(report.classes)
    counts = np.zeros((classes + 1, classes + 1), np.int64)
    above = np.flatnonzero(evidence.matches.scores > np.float32(report.thresh))
    above = above[np.argsort(-evidence.matches.scores[above], kind="stable")]
    known = inside(evidence.truths, classes)
    for image in range(len(evidence.paths)):
        true = np.flatnonzero((evidence.owners == image) & known)
        found = above[evidence.matches.images[above] == image]
        pairs = paired(evidence, true, found)
        left = set(range(len(true))) - set(pairs.values())
        for place, row in enumerate(found):
            truth = evidence.truths.classes[true[pairs[place]]] if place in pairs else classes
            counts[truth, evidence.matches.classes[row]] += 1
        np.add.at(counts[:, classes], evidence.truths.classes[true[sorted(left)]], 1)
    return counts


def paired(evidence: Evidence, true: np.ndarray, found: np.ndarray) -> dict[int, int]:
    """Pair detections of an image, best first, with its truths: place in `found` -> in `true`."""
    pairs: dict[int, int] = {}
    if not len(true) or not len(found):
        return pairs
    boxes = torch.from_numpy(evidence.matches.boxes[found])
    overlaps = iou(boxes, torch.from_numpy(evidence.truths.boxes[true])).numpy()
    for place, row in enumerate(overlaps):
        best = int(row.argmax())
        if row[best] > np.float32(evidence.iou_thresh):
            pairs[place] = best
            overlaps[:, best] = -1
    return pairs


def worst(report: Report) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the images with most errors, and what went right and wrong in each, drawn."""
    evidence = report.evidence
    matches, images = evidence.matches, len(evidence.paths)
    above = matches.scores > np.float32(report.thresh)
    right = above & first_claims(matches.truths)
    missed = np.setdiff1d(np.arange(len(evidence.truths)), matches.truths[right])
    errors = np.bincount(matches.images[above & ~right], minlength=images)
    errors = errors + np.bincount(evidence.owners[missed], minlength=images)
    for index in np.argsort(-errors, kind="stable")[:WORST].tolist():
        if errors[index] and evidence.sizes[index].all():
            marks = [
                *found_marks(evidence, np.flatnonzero(above & (matches.images == index)), right),
                *missed_marks(evidence, missed[evidence.owners[missed] == index]),
            ]
            image = load_image(evidence.paths[index])
            yield index, draw_marks(image, marks, STYLES.alexeyab)


def found_marks(evidence: Evidence, rows: np.ndarray, right: np.ndarray) -> Iterator[Mark]:
    """Yield a mark for each detection of an image."""
    matches = evidence.matches
    for row in rows.tolist():
        name, score = evidence.names[matches.classes[row]], matches.scores[row]
        size = evidence.sizes[matches.images[row]]
        color = RIGHT if right[row] else WRONG
        yield mark(matches.boxes[row], size, color, f"{name}: {score:.2f}")


def missed_marks(evidence: Evidence, rows: np.ndarray) -> Iterator[Mark]:
    """Yield a mark for each truth of an image that was not found."""
    for row in rows.tolist():
        index = evidence.truths.classes[row]
        known = 0 <= index < len(evidence.names)
        name = evidence.names[index] if known else f"class {index}"
        size = evidence.sizes[evidence.owners[row]]
        yield mark(evidence.truths.boxes[row], size, MISSED, f"missed {name}")


def mark(box: np.ndarray, size: np.ndarray, color: Color, text: str) -> Mark:
    """Return what is drawn of a box in 0..1 of an image of `size`, its edges kept inside."""
    edges = cxcywh_to_xyxy(torch.from_numpy(box)).nan_to_num(nan=0.0).numpy() * np.tile(size, 2)
    left, top, right, bottom = np.clip(edges, 0, np.tile(size - 1, 2)).astype(int).tolist()
    return Mark(left, top, right, bottom, color, text)
