"""Films for tests: each frame is grey, and its brightness says which it is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
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


def write_digits(path: Path, frames: int = 40, rate: float = 10) -> Path:
    """Write a film of 320 x 240 in which a 6 goes from the left to the right, and a 4 back.

    They meet in the middle, where the 4 is in front. The 6 is above the middle line of the picture,
    and the 4 crosses it on its way down.
    """
    picture = cv2.imread(str(ROOT / "data" / "digits.png"))
    six, four = picture[68:124, 62:104], picture[92:140, 154:194]
    ground = cv2.resize(picture[150:230, 230:310], (320, 240), interpolation=cv2.INTER_CUBIC)
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), rate, (320, 240))
    for index in range(frames):
        part, image = index / (frames - 1), ground.copy()
        for digit, left, top in (
            (six, 10 + part * 250, 45.0),
            (four, 270 - part * 250, 20 + part * 150),
        ):
            paste(image, digit, round(left), round(top))
        video.write(image)
    video.release()
    return path


def paste(image: np.ndarray, digit: np.ndarray, left: int, top: int) -> None:
    """Put the ink of a digit onto an image."""
    height, width = digit.shape[:2]
    part = image[top : top + height, left : left + width]
    ink = np.clip((120 - digit.min(2).astype(np.float32)) / 40, 0, 1)[:, :, None]
    part[:] = np.rint(part * (1 - ink) + digit * ink).astype(np.uint8)


def indices(path: Path) -> list[int]:
    """Return which frames a film has, as OpenCV reads them."""
    video, found = cv2.VideoCapture(str(path)), []
    while True:
        there, pixels = video.read()
        if not there:
            return found
        found.append(index_of(pixels))
