"""Boxes, labels and trails on an image, with the words of either lineage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from ..cfg.lineage import PJREDDIE, PerLineage
from .box_columns import BoxColumns
from .fonts import chosen_font
from .palette import Color, Palette, palette, shades
from .placement import Memory, place_labels
from .words import LARGEST, SMALLEST, labels

LINE, CAPITAL = 0.003, 0.0165  # of the side of a square as large as the image
EASY = 8  # pixels of a capital letter, which are read with ease
SLIMMEST = 10  # a line is no wider than this part of its box
LETTER = 1.3  # the area of a letter and what is around it, as a square of capitals' height is 1
SMALLER = 1.0, 0.8, 0.64, 0.51  # sizes of letters, the next where labels fill more than FULL
STAY = 1.3  # times FULL, where letters were that large in the frame before
FULL, FULLEST = 0.08, 0.25  # of the image; letters are under EASY where labels fill more than that

Label = tuple[int, str]  # the class that gives the colour, and the text
Point = tuple[float, float]


class Mark(NamedTuple):
    """One box to draw: its edges in pixels, inside the image, and where it was, oldest first."""

    left: int
    top: int
    right: int
    bottom: int
    color: Color
    text: str
    trail: tuple[Point, ...] = ()  # in pixels


def every_name(found: dict[int, float], name: Callable[[int], str]) -> Label:
    """Label a box with all its classes: `dog, cat`.

    Darknet: src/image.c draw_detections
    """
    return min(found), ", ".join(name(k) for k in found)


def best_first(found: dict[int, float], name: Callable[[int], str]) -> Label | None:
    """Label a box with its best class and its probability, then the others: `dog: 0.93, cat`.

    A name that begins with dont_show is never the best.

    Darknet: src/image.c draw_detections_v3
    """
    shown = [k for k in found if not name(k).startswith("dont_show")]
    if not shown:
        return None
    best = max(shown, key=lambda k: found[k])
    others = [name(k) for k in found if k != best]
    return best, ", ".join([f"{name(best)}: {found[best]:.2f}", *others])


LABELS: PerLineage[Callable[[dict[int, float], Callable[[int], str]], Label | None]] = PerLineage(
    pjreddie=every_name, alexeyab=best_first
)


@dataclass(frozen=True)
class Extras:
    """What is drawn besides classes and boxes, a row for each box; an empty sequence is none.

    `notes` stand before the names in the labels, as `#12`, where they are not empty; `trails` are
    where boxes were, points in 0..1 of the image, the oldest first.
    """

    notes: Sequence[str] = ()
    trails: Sequence[Sequence[Point]] = ()


def draw(
    image: np.ndarray,
    detections: BoxColumns[np.ndarray],
    names: Sequence[str] | None = None,
    thresh: float = 0.5,
    lineage: str = PJREDDIE,
    *,
    colors: str | None = None,
    font: str | None = None,
    extras: Extras | None = None,
    memory: Memory | None = None,
) -> np.ndarray:
    """Return a copy of uint8 RGB [H, W, C] with the boxes that have a class above `thresh`.

    A class without a name is labelled with its number. Lines and letters grow with the image.
    Labels are inside it; where there is room they cover neither each other nor small boxes.
    `colors` is `distinct` or `darknet`, `font` a file; if omitted, as PYDARKNET_COLORS and
    PYDARKNET_FONT say. A `memory` keeps labels at their places from frame to frame of a film.
    Any thread may draw. Raises UsageError for other colours, DataError for what is no font.

    Darknet: src/image.c draw_detections, draw_detections_v3
    Quirk: DRAWING_NEVER_EMPTY
    """
    height, width = image.shape[:2]
    words = Words(tuple(names or detections.names or ()), lineage, palette(colors))
    marks = marks_of(detections, thresh, words, extras or Extras(), width, height)
    return draw_marks(image, marks, font, memory)


def check_look(colors: str | None, font: str | None) -> None:
    """Raise UsageError for colours, DataError for a font that `draw` would refuse."""
    palette(colors)
    chosen_font(font)


def canvas_of(image: np.ndarray) -> np.ndarray:
    """Return a copy of an image in RGB [H, W, 3], without alpha and what else it has."""
    if image.shape[2] >= 3:
        return np.array(image[:, :, :3], order="C")
    return cv2.cvtColor(np.ascontiguousarray(image[:, :, :1]), cv2.COLOR_GRAY2RGB)


def draw_marks(
    image: np.ndarray,
    marks: Iterable[Mark],
    font: str | None = None,
    memory: Memory | None = None,
) -> np.ndarray:
    """Return a copy of uint8 RGB [H, W, C] with marks, large boxes below small ones."""
    canvas, marks = canvas_of(image), list(marks)
    if not marks:
        return canvas
    memory = memory or Memory()
    height, width = canvas.shape[:2]
    side = (height * width) ** 0.5
    line = max(round(side * LINE), 1)
    for mark in sorted(marks, key=area, reverse=True):
        draw_trail(canvas, mark, line)
        frame(canvas, mark, line)
    texts = [mark.text for mark in marks]
    memory.letters = letters_for(sum(map(len, texts)), side, memory.letters)
    letters = min(max(round(memory.letters), SMALLEST), LARGEST)
    written = [mask[:height] for mask in labels(texts, letters, width, font)]
    boxes = np.array([(m.left, m.top, m.right + 1, m.bottom + 1) for m in marks])
    sizes = np.array([mask.shape[::-1] for mask in written])
    places = place_labels(boxes, sizes, width, height, memory).tolist()
    for mark, mask, place in zip(marks, written, places, strict=True):
        draw_leader(canvas, mark, place, mask.shape, line)
    for mark, mask, (left, top) in zip(marks, written, places, strict=True):
        tag = canvas[top : top + mask.shape[0], left : left + mask.shape[1]]
        tag[:] = np.take(shades(mark.color), mask, axis=0)
    return canvas


def letters_for(count: int, side: float, before: float = 0) -> float:
    """Return the height of capitals for so many letters in an image as large as a square's side.

    It is that of the frame `before`, unless another fits much better.
    """

    def share(letters: float) -> float:
        return count * LETTER * (letters / side) ** 2

    largest = max(side * CAPITAL, EASY)
    sizes = [largest * smaller for smaller in SMALLER]
    fitting = (size for size in sizes if share(size) < FULL * (STAY if size <= before else 1))
    letters = next(fitting, sizes[-1])
    return EASY if letters < EASY and share(EASY) < FULLEST else letters


@dataclass(frozen=True)
class Words:
    """The words and the colours of labels: names of classes, a lineage's order of them."""

    names: tuple[str, ...]
    lineage: str
    palette: Palette

    def name(self, k: int) -> str:
        """Return the name of a class, its number where it has none."""
        return self.names[k] if k < len(self.names) else str(k)

    def label(self, found: dict[int, float]) -> Label | None:
        """Return the label of a box with the scores of its classes; None: it is not drawn."""
        return LABELS.of(self.lineage)(found, self.name)


def marks_of(
    detections: BoxColumns[np.ndarray],
    thresh: float,
    words: Words,
    extras: Extras,
    width: int,
    height: int,
) -> Iterator[Mark]:
    """Yield what to draw, in the order of the detections."""
    above = detections.probabilities > np.float32(thresh)  # as the C compares
    rows = np.flatnonzero(above.any(1))
    edges = pixel_edges(detections.take(rows), width, height).tolist()
    for row, (left, top, right, bottom) in zip(rows.tolist(), edges, strict=True):
        scores = detections.probabilities[row]
        found = {k: float(scores[k]) for k in above[row].nonzero()[0].tolist()}
        label = words.label(found)
        if label:
            color = words.palette(label[0], len(scores))
            note = extras.notes[row] if extras.notes else ""
            text = f"{note} {label[1]}" if note else label[1]
            trail = (
                [(x * width, y * height) for x, y in extras.trails[row]] if extras.trails else ()
            )
            yield Mark(left, top, right, bottom, color, text, tuple(trail))


def pixel_edges(detections: BoxColumns[np.ndarray], width: int, height: int) -> np.ndarray:
    """Return left, top, right, bottom as int64 [K, 4], truncated and clipped to the image."""
    edges = np.nan_to_num(detections.xyxy(width, height), nan=0.0)
    return np.clip(edges, 0, [width - 1, height - 1] * 2).astype(np.int64)


def area(mark: Mark) -> int:
    """Return the pixels within a box."""
    return (mark.right - mark.left + 1) * (mark.bottom - mark.top + 1)


def frame(canvas: np.ndarray, mark: Mark, line: int) -> None:
    """Draw the edges of a box, growing inward, thinner where the box is small.

    Darknet: src/image.c draw_box_width
    """
    side = min(mark.right - mark.left, mark.bottom - mark.top) + 1
    dark = tuple(part // 3 for part in mark.color)  # parts the edge from what has its colour
    outer = (mark.left - 1, mark.top - 1), (mark.right + 1, mark.bottom + 1)
    cv2.rectangle(canvas, *outer, dark, 1)
    for i in range(max(min(line, side // SLIMMEST), 1)):
        corners = (mark.left + i, mark.top + i), (mark.right - i, mark.bottom - i)
        cv2.rectangle(canvas, *corners, mark.color, 1)


def draw_trail(canvas: np.ndarray, mark: Mark, line: int) -> None:
    """Draw where a box was, in thinner lines the longer ago."""
    if not mark.trail:
        return
    points = np.clip(np.nan_to_num(np.array(mark.trail, np.float64).reshape(-1, 2)), -1e4, 1e5)
    for i in range(1, len(points)):
        start, end = points[i - 1 : i + 1].round().astype(int).tolist()
        width = max(round(1.5 * line * i / len(points)), 1)
        cv2.line(canvas, start, end, mark.color, width, cv2.LINE_AA)


def draw_leader(
    canvas: np.ndarray, mark: Mark, place: list[int], size: tuple[int, ...], line: int
) -> None:
    """Draw a line from a label to its box, where they do not touch."""
    (left, top), (height, width) = place, size
    x = nearest((left, left + width - 1), (mark.left, mark.right))
    y = nearest((top, top + height - 1), (mark.top, mark.bottom))
    if max(abs(x[0] - x[1]), abs(y[0] - y[1])) > 1:
        cv2.line(canvas, (x[0], y[0]), (x[1], y[1]), mark.color, max(line // 3, 1), cv2.LINE_AA)


def nearest(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """Return a place in each of two ranges, as near to each other as can be."""
    if one[1] < other[0]:
        return one[1], other[0]
    if other[1] < one[0]:
        return one[0], other[1]
    middle = (max(one[0], other[0]) + min(one[1], other[1])) // 2
    return middle, middle
