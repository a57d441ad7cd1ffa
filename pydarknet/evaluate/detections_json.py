"""The detections of an image of a list as JSON that keeps every bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..boxes.box_json import boxes_of_json, json_of_boxes
from ..boxes.detections import Detections
from .dataset_detections import ImageDetections


def json_of_detections(seen: ImageDetections) -> dict[str, Any]:
    """Return the detections of an image as JSON, with its place in the list, and its size."""
    size = {"index": seen.index, "width": seen.width, "height": seen.height}
    return {**size, **json_of_boxes(seen.boxes.numpy())}


def detections_of_json(
    said: Mapping[str, Any], paths: Sequence[str], names: tuple[str, ...] | None
) -> ImageDetections:
    """Return the detections that `json_of_detections` wrote of an image of a list.

    Raises KeyError, IndexError, TypeError or ValueError for anything else.
    """
    index, width, height = (int(said[word]) for word in ("index", "width", "height"))
    boxes = Detections.of_arrays(boxes_of_json(said, names))
    return ImageDetections(index, paths[index], width, height, boxes)
