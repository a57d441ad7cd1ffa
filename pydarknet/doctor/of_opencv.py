"""What OpenCV says of itself: windows, back ends, films that it writes and reads, scripts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

FILMS: Final = (("mp4v", ".mp4"), ("DIVX", ".avi"), ("MJPG", ".avi"), ("avc1", ".mp4"))
FRAMES: Final = 5
BACKENDS: Final = {"FFMPEG", "GSTREAMER", "V4L2", "AVFOUNDATION", "MSMF", "DSHOW"}
SCRIPTS: Final = {
    "Latin": "Zürich",
    "Greek": "σκύλος",
    "Cyrillic": "собака",
    "Chinese": "狗",
    "Japanese": "いぬ",
    "Korean": "개",
    "Arabic": "كلب",
    "Hebrew": "כלב",
    "Hindi": "कुत्ता",
    "Thai": "สุนัข",
}

JOINED: Final = ("Arabic", "Hebrew", "Hindi", "Thai")  # or turned


def look() -> dict[str, Any]:
    """Return version, windows, back ends of videos, codecs, and the scripts of labels."""
    import cv2

    framework = getattr(cv2, "currentUIFramework", str)()
    return {
        "version": cv2.__version__,
        "windows": framework or ("" if "GUI:                           NONE" in info() else "yes"),
        "backends": backends(),
        "films": films(),
        "images": images(),
        "scripts": scripts(),
    }


def info() -> str:
    """Return what OpenCV tells of how it was built."""
    import cv2

    return str(cv2.getBuildInformation())


def backends() -> list[str]:
    """Return the names of those that read cameras, films and streams."""
    import cv2

    names = {cv2.videoio_registry.getBackendName(b) for b in cv2.videoio_registry.getBackends()}
    return sorted(names & BACKENDS)


def images() -> list[str]:
    """Return the kinds of image files that OpenCV cannot write and read again."""
    import cv2
    import numpy as np

    image, failed = np.full((8, 8, 3), 99, np.uint8), []
    for ending in (".jpg", ".png", ".webp", ".tif", ".bmp"):
        done, content = cv2.imencode(ending, image)
        if not done or cv2.imdecode(content, cv2.IMREAD_COLOR) is None:
            failed.append(ending)
    return failed


def films() -> dict[str, bool]:
    """Return which films OpenCV writes and reads again, by a trial."""
    with tempfile.TemporaryDirectory() as folder:
        return {code: film(Path(folder, code + ending), code) for code, ending in FILMS}


def film(path: Path, code: str) -> bool:
    """Return whether a film of some frames is written and read again."""
    import cv2
    import numpy as np

    try:
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), 10, (64, 48))
        for index in range(FRAMES):
            writer.write(np.full((48, 64, 3), 40 * index, np.uint8))
        writer.release()
        reader = cv2.VideoCapture(str(path))
        count = sum(reader.read()[0] for _ in range(FRAMES))
        reader.release()
    except cv2.error:
        return False
    return count == FRAMES


def scripts() -> dict[str, bool]:
    """Return which scripts labels are drawn in as they should be."""
    from ..boxes.fonts import font_for, has_pillow
    from ..boxes.words import MODERN, PLAIN

    pillow, drawn = has_pillow(), {}
    joins = pillow and has_raqm()
    for name, text in SCRIPTS.items():
        plain = MODERN and PLAIN.fullmatch(text) is not None
        able = joins if name in JOINED else pillow
        drawn[name] = plain or (able and not font_for(frozenset(text))[1])
    return drawn


def has_raqm() -> bool:
    """Return whether Pillow joins letters, and turns lines."""
    from PIL import features

    return bool(features.check("raqm"))
