"""Boxes and labels on an image, in the style of either lineage."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from ..cfg.lineage import PJREDDIE, PerLineage
from ..system.text import printable
from .box_columns import BoxColumns

FONT = cv2.FONT_HERSHEY_SIMPLEX
UNICODE = int(cv2.__version__.split(".")[0]) >= 5  # OpenCV 4 has the letters of ASCII only
CAPITAL = 22  # height of a capital letter at scale 1
SMALLEST, LARGEST = 8, 80  # of a capital letter, in pixels
RAINBOW = ((1, 0, 1), (0, 0, 1), (0, 1, 1), (0, 1, 0), (1, 1, 0), (1, 0, 0))

Color = tuple[int, int, int]
Label = tuple[int, str]  # the class that gives the colour, and the text


class Mark(NamedTuple):
    """One box to draw: its edges in pixels, inside the image."""

    left: int
    top: int
    right: int
    bottom: int
    color: Color
    text: str


class Tag(NamedTuple):
    """The opaque background of one label; `right` and `bottom` are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    def covers(self, other: Tag) -> bool:
        """Return whether the two have a pixel in common."""
        apart = self.right <= other.left or other.right <= self.left
        return not (apart or self.bottom <= other.top or other.bottom <= self.top)


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


@dataclass(frozen=True)
class Style:
    """How a lineage draws: line and letters as shares of the image's height, and its label."""

    line: float
    letters: float
    label: Callable[[dict[int, float], Callable[[int], str]], Label | None]


STYLES = PerLineage(
    pjreddie=Style(line=0.006, letters=0.03, label=every_name),
    alexeyab=Style(line=0.002, letters=0.02, label=best_first),
)


def draw(
    image: np.ndarray,
    detections: BoxColumns[np.ndarray],
    names: Sequence[str] | None = None,
    thresh: float = 0.5,
    lineage: str = PJREDDIE,
) -> np.ndarray:
    """Return a copy of uint8 RGB [H, W, C] with the boxes that have a class above `thresh`.

    A class without a name is labelled with its number. Labels lie above their boxes where the image
    and other labels leave room, and always inside the image.

    Darknet: src/image.c draw_detections, draw_detections_v3
    Quirk: DRAWING_NEVER_EMPTY
    """
    height, width = image.shape[:2]
    style = STYLES.of(lineage)
    return draw_marks(image, marks_of(detections, names, thresh, style, width, height), style)


def canvas_of(image: np.ndarray) -> np.ndarray:
    """Return a copy of an image in RGB [H, W, 3], without alpha and what else it has."""
    if image.shape[2] >= 3:
        return np.array(image[:, :, :3], order="C")
    return cv2.cvtColor(np.ascontiguousarray(image[:, :, :1]), cv2.COLOR_GRAY2RGB)


def draw_marks(image: np.ndarray, marks: Iterable[Mark], style: Style) -> np.ndarray:
    """Return a copy of uint8 RGB [H, W, C] with marks drawn in a style."""
    canvas = canvas_of(image)
    height, marks = len(canvas), list(marks)
    for mark in marks:
        frame(canvas, mark, max(int(height * style.line), 1))
    taken: list[Tag] = []
    for mark in marks:
        taken.append(write(canvas, mark, int(height * style.letters), taken))
    return canvas


def marks_of(
    detections: BoxColumns[np.ndarray],
    names: Sequence[str] | None,
    thresh: float,
    style: Style,
    width: int,
    height: int,
) -> Iterator[Mark]:
    """Yield what to draw, in the order of the detections."""
    known = list(names or detections.names or ())
    above = detections.probabilities > np.float32(thresh)  # as the C compares
    seen = detections.take(above.any(1))
    rows = zip(
        pixel_edges(seen, width, height).tolist(),
        seen.probabilities.tolist(),
        above[above.any(1)].tolist(),
        strict=True,
    )
    for (left, top, right, bottom), scores, shown in rows:
        found = {k: scores[k] for k in range(len(scores)) if shown[k]}
        label = style.label(found, lambda k: known[k] if k < len(known) else str(k))
        if label:
            yield Mark(left, top, right, bottom, class_color(label[0], len(scores)), label[1])


def pixel_edges(detections: BoxColumns[np.ndarray], width: int, height: int) -> np.ndarray:
    """Return left, top, right, bottom as int64 [K, 4], truncated and clipped to the image."""
    edges = np.nan_to_num(detections.xyxy(width, height), nan=0.0)
    return np.clip(edges, 0, [width - 1, height - 1] * 2).astype(np.int64)


def class_color(k: int, classes: int) -> Color:
    """Return the RGB colour of class `k`: neighbours in number are far apart in the rainbow.

    Darknet: src/image.c get_color
    """
    place = 5 * (k * 123457 % classes) / classes
    low = int(place)
    high = min(low + 1, 5)
    part = place - low
    blue, green, red = (
        round(255 * ((1 - part) * a + part * b))
        for a, b in zip(RAINBOW[low], RAINBOW[high], strict=True)
    )
    return red, green, blue


def frame(canvas: np.ndarray, mark: Mark, thickness: int) -> None:
    """Draw the edges of a box, growing inward.

    Darknet: src/image.c draw_box_width
    """
    room = min(mark.right - mark.left, mark.bottom - mark.top) // 2 + 1
    for i in range(min(thickness, room)):
        corners = (mark.left + i, mark.top + i), (mark.right - i, mark.bottom - i)
        cv2.rectangle(canvas, *corners, mark.color, 1)


def write(canvas: np.ndarray, mark: Mark, letters: int, taken: list[Tag]) -> Tag:
    """Write the label of a box on an opaque background, and return the area it covers."""
    height, width = canvas.shape[:2]
    text, letters = fitting_label(mark.text, min(max(letters, SMALLEST), LARGEST), width)
    scale, thickness = font(letters)
    (across, _), _ = cv2.getTextSize(text, FONT, scale, thickness)
    pad, below = margin(letters), tail(letters)
    size = min(across + 2 * pad, width), min(pad + letters + below + 1, height)
    tag = place(mark, size, (width, height), taken)
    cv2.rectangle(canvas, tag[:2], (tag.right - 1, tag.bottom - 1), mark.color, cv2.FILLED)
    bright = np.dot(mark.color, (0.299, 0.587, 0.114)) > 110
    ink = (0, 0, 0) if bright else (255, 255, 255)
    origin = tag.left + pad, tag.bottom - 1 - below
    cv2.putText(canvas, text, origin, FONT, scale, ink, thickness, cv2.LINE_AA)
    return tag


def load_letters() -> None:
    """Let OpenCV read its letters, which it else does for the first label."""
    cv2.getTextSize("x", FONT, *font(SMALLEST))


def font(letters: int) -> tuple[float, int]:
    """Return OpenCV's scale and thickness for letters of this height."""
    return letters / CAPITAL, max(round(letters / 14), 1)


def margin(letters: int) -> int:
    """Return the pixels left free around letters of this height."""
    return letters // 5 + 1


def tail(letters: int) -> int:
    """Return how far a g reaches below the baseline, enough for OpenCV 4's font and 5's."""
    return round(0.38 * letters) + 2


def fitting_label(text: str, letters: int, width: int) -> tuple[str, int]:
    """Return a label's text and letter height, shrunk, then cut at its end, until it fits."""
    text = drawable(text[: width + 1])  # no letter is narrower than a pixel

    def fits(words: str, letters: int) -> bool:
        (across, _), _ = cv2.getTextSize(words, FONT, *font(letters))
        return across + 2 * margin(letters) <= width

    while letters > SMALLEST and not fits(text, letters):
        letters -= 1
    if fits(text, letters):
        return text, letters
    shorter = range(2, len(text))
    most = bisect_left(shorter, True, key=lambda n: not fits(f"{text[:n]}..", letters))
    return f"{text[: most + 1]}..", letters


def drawable(text: str) -> str:
    """Return what this OpenCV can write of a text; its letters crash on bytes that are no text."""
    shown = printable(text)
    return shown if UNICODE else shown.encode("ascii", "replace").decode()


def place(mark: Mark, size: tuple[int, int], image: tuple[int, int], taken: list[Tag]) -> Tag:
    """Return where a label goes: above its box, or the nearest lower place that is free."""
    left = min(mark.left, image[0] - size[0])
    lowest = image[1] - size[1]
    tops = [mark.top - size[1], *range(mark.top, mark.bottom + 1, size[1])]
    tags = [
        Tag(left, top, left + size[0], top + size[1])
        for top in (min(max(top, 0), lowest) for top in tops)
    ]
    free = (tag for tag in tags if not any(tag.covers(other) for other in taken))
    return next(free, tags[0])
