"""A file of PASCAL VOC's form: the XML annotation of one image."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Final

from ..errors import DataError
from ..image.formats import ENDINGS
from ..system.limits import INT_MAX
from ..system.text import excerpt, one_line
from .instances import NOWHERE, Box, Instance, bounds_of, number
from .xml_tree import Element, read_xml

DIFFICULT: Final = "difficult"
NOT_DIFFICULT = ("", "0", "false", "no", "none", "unspecified")  # as programs write it
SIDES = ("xmin", "ymin", "xmax", "ymax")
CORNER = re.compile(r"([xy])[0-9]*")  # tags of polygons: x1 and y1, or x and y of each point
USUAL = (".jpg", ".jpeg", ".png")
IMAGE_ENDINGS = tuple(
    form for ending in (*USUAL, *sorted(ENDINGS - set(USUAL))) for form in (ending, ending.upper())
)


@dataclass(frozen=True)
class VocFile:
    """An annotation: its image's file name, size in pixels (0: not said) and objects.

    Pixels are counted from 0: VOC counts from 1, and `shift` is that difference.
    """

    path: Path
    image: str
    width: int
    height: int
    instances: tuple[Instance, ...]

    @classmethod
    def read(cls, path: Path, shift: float = 1) -> VocFile:
        """Read an XML file. Raises DataError if it is no annotation.

        Darknet: scripts/voc_label.py convert
        """
        root = read_xml(path)
        if root.tag != "annotation":
            problem = f"<{excerpt(root.tag)}>: expected <annotation>"
            raise DataError(problem, where=f"{path}:{root.line}")
        width, height = (side_of(root, side, path) for side in ("width", "height"))
        name = PureWindowsPath(root.value("filename")).name
        found = tuple(instance_of(node, path, shift) for node in root.below("object"))
        return cls(path, name, width, height, found)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the image; zeros if it does not say both."""
        return (self.width, self.height) if min(self.width, self.height) > 0 else (0, 0)


def side_of(root: Element, side: str, path: Path) -> int:
    """Return the width or height of an image; 0 if it is not said. Raises DataError."""
    node = root.find(f"size/{side}")
    text = node.text.strip() if node else ""
    value = number(text or 0)
    if node is not None and not abs(value) <= INT_MAX:  # nan is not, either
        problem = f"{side} = {excerpt(text)}: expected a number of pixels"
        raise DataError(problem, where=f"{path}:{node.line}")
    return int(value)


def instance_of(node: Element, path: Path, shift: float) -> Instance:
    """Return the object of an <object> element."""
    difficult = node.value("difficult").lower() not in NOT_DIFFICULT
    left, top, right, bottom = box_of(node)
    return Instance(
        one_line(" ".join(node.value("name").split())),
        (left - shift, top - shift, right - shift, bottom - shift),
        f"{path}:{node.line}",
        DIFFICULT if difficult else "",
    )


def box_of(node: Element) -> Box:
    """Return the box of an object, else the bounds of its polygon, in the file's own pixels."""
    polygon = node.find("polygon")
    if node.find("bndbox") is not None or polygon is None:
        left, top, right, bottom = (number(node.value(f"bndbox/{side}")) for side in SIDES)
        return left, top, right, bottom
    found: dict[str, list[float]] = {"x": [], "y": []}
    for axis, value in corners(polygon):
        found[axis].append(value)
    if len(found["x"]) != len(found["y"]):
        return NOWHERE
    return bounds_of(zip(found["x"], found["y"], strict=True))


def corners(node: Element) -> Iterator[tuple[str, float]]:
    """Yield the axes and values of a polygon's corners, at any depth."""
    for child in node.children:
        if match := CORNER.fullmatch(child.tag):
            yield match[1], number(child.text)
        yield from corners(child)


def image_of(annotation: VocFile, homes: list[Path]) -> Path:
    """Return the image named like an annotation's file or, if there is none, as the XML says.

    Raises DataError if none of these folders has it.
    """
    stem = annotation.path.stem
    names = [f"{stem}{ending}" for ending in IMAGE_ENDINGS] + [annotation.image]
    places = (home / name for home in homes for name in names if name.strip("."))
    for place in places:
        if os.path.isfile(place):
            return place
    raise DataError(f"has no image in {homes[0]}: expected {stem}.jpg", where=annotation.path)
