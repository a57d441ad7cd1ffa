"""The objects of an image as annotations say them, and the lines of labels that they become."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

Box = tuple[float, float, float, float]
NOWHERE: Box = (math.nan, math.nan, math.nan, math.nan)


class Instance(NamedTuple):
    """One object: its class, its box, and where it is written, as `file:line`.

    The box is left, top, right, bottom in pixels counted from 0, or nan. `kind` names those that
    Darknet's scripts leave out: difficult ones and crowds.
    """

    name: str
    box: Box
    place: str
    kind: str = ""


def has_area(box: Box) -> bool:
    """Return whether a box is one: finite, and with a width and a height."""
    left, top, right, bottom = box
    return all(map(math.isfinite, box)) and right > left and bottom > top


def cut(box: Box, width: int, height: int) -> Box:
    """Return the part of a box that lies within an image of so many pixels."""
    left, top, right, bottom = box
    return max(left, 0), max(top, 0), min(right, width), min(bottom, height)


def overhang(box: Box, width: int, height: int) -> float:
    """Return by how many pixels a box reaches beyond its image; below 0 if it does not."""
    left, top, right, bottom = box
    return max(-left, -top, right - width, bottom - height)


def shares(box: Box, width: int, height: int) -> Box:
    """Return a box as Darknet writes it: centre and size in 0..1 of the image."""
    left, top, right, bottom = box
    x, y = (left + right) / 2 / width, (top + bottom) / 2 / height
    return x, y, (right - left) / width, (bottom - top) / height


def bounds_of(points: Iterable[tuple[float, float]]) -> Box:
    """Return the box around points; nan without one, or if one is not finite."""
    columns = list(zip(*points, strict=True))
    if not columns or not all(math.isfinite(value) for column in columns for value in column):
        return NOWHERE
    x, y = columns
    return min(x), min(y), max(x), max(y)


def label_line(index: int, x: float, y: float, w: float, h: float) -> str:
    """Return the line of one object: class, centre and size in 0..1 of the image."""
    return f"{index} {x} {y} {w} {h}\n"


def number(text: object) -> float:
    """Return a number; nan for what is none."""
    try:
        return float(text)  # type: ignore[arg-type] # JSON and XML may say anything
    except (TypeError, ValueError, OverflowError):
        return math.nan


def inside(folder: Path, name: str) -> Path | None:
    """Return a file of a folder; None if the name would leave it, or is none."""
    path = folder / name
    if not name or "\0" in name or not path.is_relative_to(folder):
        return None
    return None if ".." in path.relative_to(folder).parts else path
