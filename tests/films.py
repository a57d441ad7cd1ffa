"""Films for tests: each frame is grey, and its brightness says which it is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

STEP = 8  # of brightness, from one frame to the next; more than what compression changes


def frame(index: int, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    """Return the frame of an index, uint8 RGB [H, W, 3]."""
    return np.full((size[1], size[0], 3), index * STEP, np.uint8)


def index_of(pixels: np.ndarray) -> int:
    """Return which frame this is."""
    return round(float(pixels.mean()) / STEP)


def write_film(path: Path, frames: int = 20, rate: float = 10, code: str = "MJPG") -> Path:
    """Write a film of so many frames, 64 x 48."""
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), rate, (64, 48))
    for index in range(frames):
        video.write(frame(index))
    video.release()
    return path


def indices(path: Path) -> list[int]:
    """Return which frames a film has, as OpenCV reads them."""
    video, found = cv2.VideoCapture(str(path)), []
    while True:
        there, pixels = video.read()
        if not there:
            return found
        found.append(index_of(pixels))
