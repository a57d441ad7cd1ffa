"""Which of a film, a camera and a stream a word of the command line means."""

from __future__ import annotations

import os
import re
import stat
from functools import partial
from urllib.parse import urlsplit

from ..errors import DataError
from ..system.inputs import remember, remember_all
from .av_capture import is_installed, open_by_av
from .capture import Camera, Capture, open_by_opencv
from .film import Film
from .live import Live

PATTERN = re.compile(r"%0?\d*d")  # of the files of a sequence of images
INSTALL = "pip install -c constraints.txt '.[video]' brings PyAV, which reads what OpenCV does not"

Source = Film | Live


def open_source(word: str | None, camera: Camera | None = None) -> Source:
    """Open a film, a camera's number or device, or the URL of a stream; without a word, a camera.

    A URL whose number of frames is known is a film. Raises DataError if it cannot be opened.
    """
    camera = camera or Camera()
    if not word:
        return Live(f"camera {camera.index}", partial(open_by_opencv, camera))
    if word.isdecimal() and not os.path.exists(word):
        numbered = Camera(int(word), camera.width, camera.height, camera.rate)
        return Live(f"camera {word}", partial(open_by_opencv, numbered))
    if is_device(word):
        return Live(word, partial(open_by_opencv, word))
    if is_stream(word):
        return open_stream(word)
    return open_film(word)


def is_stream(word: str) -> bool:
    """Return whether a word is the URL of a stream.

    Darknet: src/utils.c is_live_stream (AlexeyAB)
    """
    return "://" in word and not word.lower().startswith("file:")


def is_device(word: str) -> bool:
    """Return whether a word is the file of a camera, such as /dev/video0."""
    try:
        return stat.S_ISCHR(os.stat(word).st_mode)
    except (OSError, ValueError):
        return False


def open_any_capture(word: str) -> Capture | None:
    """Open a film or a stream by OpenCV, or by PyAV what OpenCV cannot."""
    return open_by_opencv(word) or open_by_av(word)


def open_stream(word: str) -> Source:
    """Open the URL of a stream, or of a film."""
    name = without_password(word)
    first = open_any_capture(word)
    if first is not None and first.count:
        return Film(name, first)
    captures = iter([first])
    return Live(name, lambda: next(captures, None) or open_any_capture(word))


def open_film(word: str) -> Film:
    """Open the file of a film, or a sequence of image files. Raises DataError."""
    if not PATTERN.search(word):
        reason = file_problem(word)
        if reason:
            raise DataError(reason, where=word)
        remember(path_of_film(word))
    else:
        remember_all(partial(files_of_sequence, word))
    capture = open_any_capture(word)
    if capture is None:
        hint = "" if is_installed() else INSTALL
        raise DataError("cannot be opened: expected a video", where=word, hint=hint)
    return Film(word, capture)


def file_problem(word: str) -> str:
    """Return why a file cannot be read; empty if it can."""
    try:
        with open(path_of_film(word), "rb"):
            return ""
    except OSError as error:
        return f"{error.strerror}: expected a video"
    except ValueError:
        return "no file has this name: expected a video"


def path_of_film(word: str) -> str:
    """Return the path of a film that is named by it or by a file: URL."""
    return word[len("file://") :] if word.lower().startswith("file://") else word


def files_of_sequence(pattern: str) -> list[str]:
    """Return the image files of a sequence such as frame_%04d.png."""
    folder, name = os.path.split(pattern)
    before, after = PATTERN.split(name, 1) if PATTERN.search(name) else (name, "")
    numbered = re.compile(rf"{re.escape(before)}\d+{re.escape(after)}")
    try:
        names = os.listdir(folder or os.curdir)
    except OSError:
        return []
    return [os.path.join(folder, one) for one in names if numbered.fullmatch(one)]


def without_password(url: str) -> str:
    """Return a URL without its user's name and password, to be shown."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
