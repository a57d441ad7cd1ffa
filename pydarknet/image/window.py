"""A window that shows an image, if there is a display."""

from __future__ import annotations

import os
import sys

import cv2
import numpy as np

from ..system.console import note_once
from ..system.text import printable

TITLE = 200  # letters


def display() -> bool:
    """Return whether a window can be opened; OpenCV ends the process if not."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def show(image: np.ndarray, title: str) -> None:
    """Show an RGB image until a key is pressed or its window is closed; without a display, return.

    Darknet: src/image.c show_image
    """
    if not display():
        return
    title = printable(title, TITLE)
    try:
        cv2.imshow(title, image if image.shape[2] == 1 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        while cv2.waitKey(100) < 0 and cv2.getWindowProperty(title, cv2.WND_PROP_VISIBLE) > 0:
            pass
    except cv2.error as error:
        note_once(f"no window: this OpenCV opens none ({error.code})")
