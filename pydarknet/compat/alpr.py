"""darknet.py of alpr-unconstrained and its copies, where it differs from the original's.

`detect` also returns the size of the image, and takes arrays of OpenCV.

Source: sergiomsilva/alpr-unconstrained, darknet/python/darknet.py
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import darknet
from .ctypes_structs import IMAGE, METADATA
from .darknet_images import DetectionTuple
from .ndarray_images import nparray_to_image
from .network_handle import Handle, Text

OWN = ["detect"]
__all__ = [*OWN, *(n for n in vars(darknet) if n[0] != "_" and n not in OWN)]


def __getattr__(name: str) -> Any:
    """Return an attribute of the original's module that this one does not change."""
    return getattr(darknet, name)


def detect(
    net: Handle,
    meta: METADATA,
    image: Text | IMAGE | np.ndarray,
    thresh: float = 0.5,
    hier_thresh: float = 0.5,
    nms: float | None = 0.45,
) -> tuple[list[DetectionTuple], tuple[int, int]]:
    """Return what the original's `detect` returns, and width and height of the image.

    `nms` None suppresses no boxes.
    """
    seen = image_of(image)
    found = darknet.detect(net, meta, seen, thresh, hier_thresh, nms)
    return found, (seen.w, seen.h)


def image_of(image: Text | IMAGE | np.ndarray) -> IMAGE:
    """Return an image as the library's; an array is OpenCV's."""
    if isinstance(image, IMAGE):
        return image
    if isinstance(image, np.ndarray):
        return nparray_to_image(image)
    return darknet.load_image(image, 0, 0)
