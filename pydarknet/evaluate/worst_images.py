"""The images on which a network errs most, with what is right, wrong and missed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..boxes.box import cxcywh_to_xyxy
from ..boxes.draw import Mark, draw_marks
from ..boxes.palette import Color, shades
from ..boxes.words import LARGEST, SMALLEST, labels
from ..image.files import load_image
from ..system.problems import guard
from .average_precision import MapReport
from .matched_dataset import MatchedDataset
from .matching import first_claims

WORST = 12  # images drawn
LETTERS = 0.016  # height of the legend's capital letters, as a share of the image's width
# Okabe and Ito's green and orange, and a red that the colour-blind tell from both
RIGHT: Color = (0, 158, 115)
WRONG: Color = (230, 159, 0)
MISSED: Color = (200, 40, 140)


def worst(report: MapReport, exif: bool = True) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the indices of the images with most errors, and the images with boxes and a legend."""
    dataset = report.dataset
    matches, images = dataset.matches, len(dataset.paths)
    above = matches.scores > np.float32(report.thresh)
    right = above & first_claims(matches.truths)
    missed = np.setdiff1d(np.arange(len(dataset.truths)), matches.truths[right])
    errors = np.bincount(matches.images[above & ~right], minlength=images)
    errors = errors + np.bincount(dataset.owners[missed], minlength=images)
    for index in np.argsort(-errors, kind="stable")[:WORST].tolist():
        if errors[index] and dataset.sizes[index].all():
            found = np.flatnonzero(above & (matches.images == index))
            lost = missed[dataset.owners[missed] == index]
            marks = [*detection_marks(dataset, found, right), *missed_marks(dataset, lost)]
            counts = int(right[found].sum()), int((~right[found]).sum()), len(lost)
            with guard(dataset.paths[index]):
                image = load_image(dataset.paths[index], exif=exif)
                yield index, with_legend(draw_marks(image, marks), *counts)


def with_legend(image: np.ndarray, right: int, wrong: int, missed: int) -> np.ndarray:
    """Return an image with a row below it that says what the colours are, and how many there are.

    Where the row has no room for all, there are several.
    """
    width = image.shape[1]
    size = min(max(round(width * LETTERS), SMALLEST), LARGEST)
    words = (f"right {right}", RIGHT), (f"wrong {wrong}", WRONG), (f"missed {missed}", MISSED)
    tags = [
        np.take(shades(color), mask, axis=0)
        for mask, (_, color) in zip(labels([w for w, _ in words], size, width), words, strict=True)
    ]
    gap = max(size // 2, 2)
    rows: list[list[np.ndarray]] = [[]]
    for tag in tags:
        if rows[-1] and sum(one.shape[1] + gap for one in (*rows[-1], tag)) > width:
            rows.append([])
        rows[-1].append(tag)
    return np.concatenate([image, *(legend_row(row, width, gap) for row in rows)])


def legend_row(tags: list[np.ndarray], width: int, gap: int) -> np.ndarray:
    """Return tags beside each other on black, uint8 [h, width, 3]."""
    row = np.zeros((max(len(tag) for tag in tags) + 2, width, 3), np.uint8)
    left = 0
    for tag in tags:
        row[1 : 1 + len(tag), left : left + tag.shape[1]] = tag
        left += tag.shape[1] + gap
    return row


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
