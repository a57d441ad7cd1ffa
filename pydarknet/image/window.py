"""A window that shows images, if there is a display."""

from __future__ import annotations

import os
import sys
from typing import Final

import cv2
import numpy as np

from ..system.console import note_once
from ..system.text import printable

TITLE = 200  # letters
SIZE: Final = (1352, 1013)  # of the window of a demo, as Darknet's
KEYS: Final = {27: "escape", 82: "up", 84: "down"}  # the last eight bits of what OpenCV returns


def display() -> bool:
    """Return whether a window can be opened; OpenCV ends the process if not."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def can_open() -> bool:
    """Return whether this OpenCV opens windows here; if there is a display and it cannot, note."""
    if not display():
        return False
    hush_qt()
    try:
        cv2.namedWindow("pydarknet", cv2.WINDOW_AUTOSIZE)
        cv2.destroyWindow("pydarknet")
    except cv2.error as error:
        note_once(f"no window: this OpenCV opens none ({error.code})")
        return False
    return True


def show(image: np.ndarray, title: str) -> None:
    """Show an RGB image until a key is pressed or its window is closed; without a display, return.

    Darknet: src/image.c show_image
    """
    if not display():
        return
    title = printable(title, TITLE)
    hush_qt()
    try:
        cv2.imshow(title, bgr_of(image))
        while cv2.waitKey(100) < 0 and cv2.getWindowProperty(title, cv2.WND_PROP_VISIBLE) > 0:
            pass
    except cv2.error as error:
        note_once(f"no window: this OpenCV opens none ({error.code})")


def hush_qt() -> None:
    """Let Qt in OpenCV say nothing about fonts that it lacks, unless it is told what to say."""
    os.environ.setdefault("QT_LOGGING_RULES", "*.warning=false")


def bgr_of(image: np.ndarray) -> np.ndarray:
    """Return an RGB image as OpenCV shows it."""
    return image if image.shape[2] == 1 else np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))


class Window:
    """A window that shows one frame after the other.

    Darknet: src/image_opencv.cpp create_window_cv, show_image_mat (AlexeyAB)
    """

    def __init__(self, title: str, *, full_screen: bool = False) -> None:
        self.title = title
        cv2.namedWindow(title, cv2.WINDOW_NORMAL)
        if full_screen:
            cv2.setWindowProperty(title, cv2.WND_PROP_FULLSCREEN, cv2.WINDOW_FULLSCREEN)
        else:
            cv2.resizeWindow(title, *SIZE)

    def show(self, image: np.ndarray) -> str:
        """Show an RGB image; return the key that was pressed: escape, up, down, or nothing.

        Closing the window is escape too.
        """
        cv2.imshow(self.title, bgr_of(image))
        key = cv2.waitKey(1)
        if cv2.getWindowProperty(self.title, cv2.WND_PROP_VISIBLE) < 1:
            return "escape"
        return KEYS.get(key & 0xFF, "") if key >= 0 else ""

    def close(self) -> None:
        """Close it."""
        cv2.destroyWindow(self.title)
