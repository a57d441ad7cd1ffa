"""The texts and drawings of darknet.py."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from ..boxes.words import drawable
from ..errors import DataError, WrongType
from ..image.files import load_image
from ..system.console import say
from ..system.text import excerpt

Color = tuple[int, int, int]
DetectionTuple = tuple[Any, Any, Any]  # name, confidence, (centre x, y, width, height)


def numbers_of(bbox: Any) -> tuple[float, float, float, float]:
    """Return the numbers of a box. Raises WrongType unless they are four, finite ones."""
    try:
        x, y, w, h = map(float, bbox)
    except (TypeError, ValueError):
        x = y = w = h = math.nan
    if not all(map(math.isfinite, (x, y, w, h))):
        raise WrongType(f"a box is {excerpt(str(bbox))}: expected (x, y, w, h), finite numbers")
    return x, y, w, h


def tuples_of(detections: Any) -> Iterator[DetectionTuple]:
    """Yield name, confidence and box of each detection. Raises WrongType for anything else."""
    if not isinstance(detections, Iterable):
        kind = "None" if detections is None else type(detections).__name__
        raise WrongType(f"detections are {kind}: expected what detect_image returns")
    for one in detections:
        try:
            name, confidence, bbox = one
            float(confidence)
        except (TypeError, ValueError):
            said = f"a detection is {excerpt(str(one))}"
            raise WrongType(f"{said}: expected (name, confidence, (x, y, w, h))") from None
        yield name, confidence, numbers_of(bbox)


def check_canvas(image: Any) -> None:
    """Raise WrongType for what nothing can be drawn on, DataError if it is read-only."""
    if isinstance(image, cv2.UMat):
        return
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim not in (2, 3):
        kind = type(image).__name__
        found = f"{image.dtype} {list(image.shape)}" if isinstance(image, np.ndarray) else kind
        raise WrongType(f"an image is {found}: expected uint8 [height, width, 3]")
    if not image.flags.writeable:
        raise DataError("an image is read-only: expected one to draw on, such as image.copy()")


def bbox2points(bbox: Sequence[float]) -> tuple[int, int, int, int]:
    """Return the rounded edges of a box: left, top, right, bottom."""
    x, y, w, h = numbers_of(bbox)
    return round(x - w / 2), round(y - h / 2), round(x + w / 2), round(y + h / 2)


def print_detections(detections: Iterable[DetectionTuple], coordinates: bool = False) -> None:
    """Print a line per detection; what it calls left_x and top_y is the centre.

    Darknet: darknet.py print_detections (AlexeyAB)
    """
    say("\nObjects:")
    for name, confidence, (x, y, w, h) in tuples_of(detections):
        place = f"(left_x: {x:.0f}   top_y:  {y:.0f}   width:   {w:.0f}   height:  {h:.0f})"
        say(f"{name}: {confidence}%" + (f"    {place}" if coordinates else ""))


def draw_boxes(
    detections: Iterable[DetectionTuple], image: np.ndarray, colors: Mapping[str, Color]
) -> np.ndarray:
    """Draw boxes and their names into an image, uint8 [h, w, 3], and return it.

    Darknet: darknet.py draw_boxes (AlexeyAB)
    """
    check_canvas(image)
    for name, confidence, bbox in tuples_of(detections):
        if name not in colors:
            raise DataError(f"colors: expected one of {name!r}, a name in the detections")
        left, top, right, bottom = bbox2points(bbox)
        label, color = drawable(f"{name} [{float(confidence):.2f}]"), colors[name]
        cv2.rectangle(image, (left, top), (right, bottom), color, 1)
        cv2.putText(image, label, (left, top - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.5, color, 2)
    return image


def drawn_boxes(path: str, found: Iterable[DetectionTuple]) -> tuple[np.ndarray, list[str]]:
    """Return the image with boxes, greener for higher scores, and a line per box.

    Darknet: darknet.py performDetect (AlexeyAB)
    """
    image, lines = load_image(path), []
    for name, confidence, bbox in found:
        left, top, right, bottom = bbox2points(bbox)
        sure = confidence**2
        color = int(255 * (1 - sure)), int(255 * sure), 0
        cv2.rectangle(image, (left, top), (right, bottom), color, 3)
        lines.append(f"{name}: {np.rint(100 * confidence)}%")
    return image, lines


def captions(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        say(line)


def non_max_suppression_fast(detections: Sequence[Any], overlap_thresh: float) -> list[Any]:
    """Return the tuples of four, the box last, whose box no lower box covers by too much.

    Boxes are visited from the bottom of the image up. Sides include both of their end pixels; the
    overlap is measured as a share of the box that is dropped.

    Darknet: darknet.py non_max_suppression_fast (AlexeyAB)
    """
    try:
        boxes = np.array([detection[3] for detection in detections], float).reshape(-1, 4)
    except (TypeError, ValueError, IndexError, KeyError):
        raise WrongType("detections: expected tuples of four, the last (x, y, w, h)") from None
    first, last = boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2
    area = np.prod(last - first + 1, axis=1)
    left, kept = np.argsort(last[:, 1]), []
    while len(left):
        lowest, left = left[-1], left[:-1]
        kept.append(detections[lowest])
        sides = np.minimum(last[lowest], last[left]) - np.maximum(first[lowest], first[left]) + 1
        left = left[np.prod(sides.clip(0), axis=1) / area[left] <= overlap_thresh]
    return kept
