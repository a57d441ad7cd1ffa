"""The boxes of an image as JSON that keeps every bit, for files that other processes read."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

import numpy as np

from .box_arrays import BoxArrays

KINDS = "fi"  # of numbers: real and whole


def json_of_array(array: np.ndarray) -> dict[str, Any]:
    """Return an array of numbers as JSON: its type, its shape and its bytes."""
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    words = b64encode(little.tobytes()).decode()
    return {"type": little.dtype.str, "shape": list(array.shape), "bytes": words}


def array_of_json(said: Mapping[str, Any]) -> np.ndarray:
    """Return the array that `json_of_array` wrote. Raises KeyError, TypeError or ValueError."""
    kind = np.dtype(str(said["type"]))
    if kind.kind not in KINDS:
        raise ValueError(f"an array of {kind}: expected numbers")
    content = b64decode(said["bytes"], validate=True)
    return np.frombuffer(content, kind).reshape(said["shape"]).astype(kind.newbyteorder("="))


def json_of_boxes(boxes: BoxArrays) -> dict[str, Any]:
    """Return boxes as JSON; of their probabilities, of which most are 0, those that are not."""
    likely = boxes.probabilities
    at = likely.ravel().nonzero()[0]
    said: dict[str, Any] = {
        "boxes": json_of_array(boxes.boxes),
        "objectness": json_of_array(boxes.objectness),
        "shape": list(likely.shape),
        "at": json_of_array(at.astype(np.int32)),
        "probabilities": json_of_array(likely.ravel()[at]),
    }
    if boxes.uncertainty is not None:
        said["uncertainty"] = json_of_array(boxes.uncertainty)
    return said


def boxes_of_json(said: Mapping[str, Any], names: tuple[str, ...] | None = None) -> BoxArrays:
    """Return the boxes that `json_of_boxes` wrote. Raises KeyError, TypeError or ValueError."""
    given = array_of_json(said["probabilities"])
    likely = np.zeros(said["shape"], given.dtype)
    likely.ravel()[array_of_json(said["at"])] = given
    return BoxArrays(
        boxes=array_of_json(said["boxes"]),
        objectness=array_of_json(said["objectness"]),
        probabilities=likely,
        uncertainty=array_of_json(said["uncertainty"]) if "uncertainty" in said else None,
        names=names,
    )
