"""What reads and shows pictures: OpenCV, films and cameras, windows, letters."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from .finding import BAD, GOOD, MORE, Finding
from .packages import OPENCVS, too_old, version_of
from .probe import Answer

HEADLESS: Final = "pip uninstall -y opencv-python && pip install opencv-python-headless"
FREE: Final = ("mp4v", "DIVX", "MJPG")  # which OpenCV brings by itself


def look_at_opencv(answer: Answer) -> Iterator[Finding]:
    """Yield whether OpenCV works, and what it reads, writes and shows."""
    if answer.problem:
        yield broken(answer.problem)
        return
    said = answer.said
    name = next((name for name in OPENCVS if version_of(name)), "opencv")
    if too_old("opencv-python", str(said["version"])):
        yield Finding("opencv", BAD, f"{said['version']} is too old", f"pip install -U {name}")
        return
    failed = f", which fails at {', '.join(said['images'])}" if said["images"] else ""
    yield Finding("opencv", MORE if failed else GOOD, f"{name} {said['version']}{failed}")
    yield from films(said)
    yield from windows(str(said["windows"]))
    yield from letters(said["scripts"])


def broken(problem: str) -> Finding:
    """Return what mends an OpenCV that cannot be imported."""
    if "No module named 'cv2'" in problem:
        return Finding("opencv", BAD, "is not installed", "pip install opencv-python")
    if "cannot open shared object file" in problem:  # of X11 or OpenGL
        return Finding("opencv", BAD, problem, HEADLESS)
    if "numpy" in problem:
        return Finding("opencv", BAD, problem, "pip install --force-reinstall numpy opencv-python")
    return Finding("opencv", BAD, problem, "pip install --force-reinstall opencv-python")


def films(said: dict[str, Any]) -> Iterator[Finding]:
    """Yield which films are written and read, by a trial, and what reads cameras and streams."""
    works = [code for code, done in said["films"].items() if done]
    fails = [code for code, done in said["films"].items() if not done]
    has_av = find_spec("av") is not None
    text = f"writes and reads {', '.join(works) or 'none'}"
    text += f", not {', '.join(fails)}" if fails else ""
    text += "; PyAV writes H.264" if has_av else ""
    bad = any(code in fails for code in FREE)
    yield Finding("films", MORE if bad else GOOD, text, HEADLESS.split(" && ")[1] if bad else "")
    by = [*said["backends"], *(["PyAV"] if has_av else [])]
    text = f"read by {', '.join(by) or 'nothing'}{cameras()}"
    yield Finding("videos", GOOD if by else MORE, text)
    closed = [path for path in camera_files() if not os.access(path, os.R_OK | os.W_OK)]
    if closed:
        yield Finding(
            "cameras", MORE, f"{closed[0]} may not be read", "sudo usermod -aG video $USER"
        )


def cameras() -> str:
    """Return how many cameras Linux has; nothing elsewhere."""
    if not sys.platform.startswith("linux"):
        return ""
    found = camera_files()
    return f"; cameras: {', '.join(found)}" if found else "; no camera"


def camera_files() -> list[str]:
    """Return the devices that are cameras, perhaps."""
    return sorted(map(str, Path("/dev").glob("video[0-9]*")))


def windows(framework: str) -> Iterator[Finding]:
    """Yield whether windows can be opened."""
    shown = sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if shown and not framework:
        text = "this OpenCV opens none: pictures are only written"
        mend = "pip uninstall -y opencv-python-headless && pip install opencv-python"
        yield Finding("windows", MORE, text, mend)
    else:
        text = f"by {framework}" if shown else "no display: pictures are only written"
        yield Finding("windows", GOOD, text)


def letters(scripts: dict[str, bool]) -> Iterator[Finding]:
    """Yield the scripts in which labels can be drawn, and what draws the others."""
    drawn = [name for name, able in scripts.items() if able]
    missing = [name for name, able in scripts.items() if not able]
    if drawn:
        yield Finding("letters", GOOD, ", ".join(drawn))
    if missing and find_spec("PIL") is None:
        yield Finding("letters", MORE, f"no {', '.join(missing)}", "pip install pillow")
    elif missing:
        text = f"no {', '.join(missing)}: no font has them, or Pillow has no Raqm"
        mend = "sudo apt install fonts-noto-core" if sys.platform.startswith("linux") else ""
        yield Finding("letters", MORE, text, mend)
