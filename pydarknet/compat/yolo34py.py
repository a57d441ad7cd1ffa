"""The interface of YOLO3-4-Py, whose package has our name: `from pydarknet import Detector, Image`.

YOLO3-4-Py: src/pydarknet.pyx
"""

from __future__ import annotations

import os

import cv2
import numpy as np

from ..image.any_image import pixels_of
from ..image.window import TITLE, display
from ..system.text import printable
from ..system.torch_errors import torch_errors
from .ctypes_structs import planes_of
from .libdarknet import load_meta, load_net, set_gpu
from .ndarray_images import nparray_to_image
from .network_handle import BY_OBJECT, Text, detection_tuples

Found = tuple[str, float, tuple[float, float, float, float]]


def is_compiled_with_gpu() -> bool:
    """Whether PyTorch has a GPU."""
    with torch_errors():
        import torch

    return torch.cuda.is_available()


def is_compiled_with_opencv() -> bool:
    """Whether there is OpenCV: always."""
    return True


def set_cuda_device(n: int) -> None:
    """Choose the GPU of detectors created from now on; without a GPU do nothing."""
    set_gpu(n)


class Image:
    """An image for a Detector, from bytes [height, width, 3] in OpenCV's order: blue first."""

    def __init__(self, ary: np.ndarray) -> None:
        array = pixels_of(ary)
        if array.ndim != 3 or array.shape[2] != 3:
            raise AssertionError(
                f"an image has shape {list(array.shape)}: expected [height, width, 3]"
            )
        self.img = nparray_to_image(array)

    def show_image(self, title: Text, wait_duration_in_ms: int = 1) -> None:
        """Show the image in a window for some milliseconds, if there is a display."""
        if display():
            cv2.imshow(
                printable(os.fsdecode(title), TITLE), planes_of(self.img)[::-1].transpose(1, 2, 0)
            )
            cv2.waitKey(wait_duration_in_ms)


class Detector:
    """A network with the names of its classes; `p` is ignored, as in YOLO3-4-Py.

    In either dialect images are letterboxed, and overlapping boxes are suppressed by objectness.
    """

    def __init__(self, config: Text, weights: Text, p: int, meta: Text) -> None:
        self.net = load_net(config, weights, p)
        self.meta = load_meta(meta, self.net.classes)

    def classify(self, img: Image) -> list[tuple[bytes, float]]:
        """Return the name and probability of every class, the best first."""
        scores = self.net.see(img.img, letters=True).tolist()
        classes = range(min(self.meta.classes, len(scores)))
        named = [(self.meta.names[k], scores[k]) for k in classes]
        return sorted(named, key=lambda one: -one[1])

    def detect(
        self, image: Image, thresh: float = 0.5, hier_thresh: float = 0.5, nms: float = 0.45
    ) -> list[Found]:
        """Return name, probability and box (centre, width, height in pixels), the best first."""
        size = image.img.w, image.img.h
        self.net.look(image.img, letters=True)
        [found] = self.net.boxes(size, thresh, hier_thresh, letters=True)
        left = detection_tuples(BY_OBJECT(found, nms) if nms > 0 else found)
        named = [(self.name(k), p, box) for k, p, box in left if k < self.meta.classes]
        return sorted(named, key=lambda one: -one[1])

    def name(self, k: int) -> str:
        """Return the name of a class as text."""
        return self.meta.names[k].decode("utf-8", "replace")
