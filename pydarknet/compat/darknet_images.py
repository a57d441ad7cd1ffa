"""The texts and drawings of darknet.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from ..boxes.draw import drawable
from ..image.files import load_image
from ..system.console import say

Color = tuple[int, int, int]
DetectionTuple = tuple[Any, Any, Any]  # name, confidence, (centre x, y, width, height)


def bbox2points(bbox: Sequence[float]) -> tuple[int, int, int, int]:
    """Return the rounded edges of a box: left, top, right, bottom."""
    x, y, w, h = bbox
    return round(x - w / 2), round(y - h / 2), round(x + w / 2), round(y + h / 2)


def print_detections(detections: Iterable[DetectionTuple], coordinates: bool = False) -> None:
    """Print a line per detection; what it calls left_x and top_y is the centre.

    Darknet: darknet.py print_detections (AlexeyAB)
    """
    say("\nObjects:")
    for name, confidence, (x, y, w, h) in detections:
        place = f"(left_x: {x:.0f}   top_y:  {y:.0f}   width:   {w:.0f}   height:  {h:.0f})"
        say(f"{name}: {confidence}%" + (f"    {place}" if coordinates else ""))


def draw_boxes(
    detections: Iterable[DetectionTuple], image: np.ndarray, colors: Mapping[str, Color]
) -> np.ndarray:
    """Draw boxes and their names into an image, uint8 [h, w, 3], and return it.

    Darknet: darknet.py draw_boxes (AlexeyAB)
    """
    for name, confidence, bbox in detections:
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
    boxes = np.array([detection[3] for detection in detections], float).reshape(-1, 4)
    first, last = boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2
    area = np.prod(last - first + 1, axis=1)
    left, kept = np.argsort(last[:, 1]), []
    while len(left):
        lowest, left = left[-1], left[:-1]
        kept.append(detections[lowest])
        sides = np.minimum(last[lowest], last[left]) - np.maximum(first[lowest], first[left]) + 1
        left = left[np.prod(sides.clip(0), axis=1) / area[left] <= overlap_thresh]
    return kept
