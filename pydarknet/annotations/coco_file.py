"""A file of COCO's form: the images, categories and objects of instances_*.json."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import DataError
from ..system.limits import INT_MAX
from ..system.text import excerpt, one_line, read_text
from .instances import NOWHERE, Box, Instance, bounds_of, has_area, number
from .run_lengths import bounds_of_mask

CROWD: Final = "crowd"
PARTS: Final = ("annotations", "categories", "images")
Record = dict[str, Any]


@dataclass(frozen=True)
class CocoFile:
    """The content of a file; what is no object in its lists is passed over."""

    path: Path
    images: list[Record]
    annotations: list[Record]
    categories: list[Record]

    @classmethod
    def read(cls, path: Path) -> CocoFile:
        """Read a file. Raises DataError if it is wrong."""
        try:
            content = json.loads(read_text(path, "instances_*.json", most=None))
        except json.JSONDecodeError as error:
            raise DataError(f"{error.msg}: expected JSON", where=f"{path}:{error.lineno}") from None
        except (ValueError, RecursionError) as error:  # numbers without end, lists within lists
            raise DataError(str(error), where=path) from None
        if not isinstance(content, dict):
            raise DataError("is not an object: expected instances_*.json", where=path)
        missing = [part for part in PARTS if not isinstance(content.get(part), list)]
        if missing:
            raise DataError(f"has no {', '.join(missing)}: expected instances_*.json", where=path)
        lists = {part: [one for one in content[part] if isinstance(one, dict)] for part in PARTS}
        return cls(path, **lists)

    def ranked_categories(self) -> list[Record]:
        """Return the categories in the order of their ids, which numbers the classes."""
        return sorted(self.categories, key=rank)

    def by_image(self) -> dict[str, list[Record]]:
        """Return the annotations of each image, by its id."""
        found = defaultdict(list)
        for annotation in self.annotations:
            found[str(annotation.get("image_id"))].append(annotation)
        return found

    def place(self, annotation: Record) -> str:
        """Return where an annotation is: such a file often has one line, so by its id."""
        return f"{self.path}: annotation {excerpt(str(annotation.get('id', '?')))}"

    def instances(self, annotations: list[Record]) -> Iterator[Instance]:
        """Yield the objects of annotations; an unknown category has its id for a name.

        Darknet: scripts/get_coco_dataset.sh, whose labels leave out crowds
        """
        names = {str(one.get("id")): name_of(one) for one in self.categories}
        for annotation in annotations:
            category = str(annotation.get("category_id"))
            yield Instance(
                names.get(category, f"id {category}"),
                box_of(annotation),
                self.place(annotation),
                CROWD if annotation.get("iscrowd") else "",
            )


def name_of(category: Record) -> str:
    """Return the name of a category as one line, or its id."""
    return one_line(" ".join(str(category.get("name") or category.get("id")).split()))


def rank(category: Record) -> tuple[bool, float, str]:
    """Return by what categories are sorted: the number of their id, or its text."""
    value, text = number(category.get("id")), str(category.get("id"))
    return (False, value, text) if math.isfinite(value) else (True, 0, text)


def numbers(values: object) -> list[float]:
    """Return finite numbers; an empty list if the values are none."""
    if not isinstance(values, list):
        return []
    found = [number(value) for value in values]
    return found if all(map(math.isfinite, found)) else []


def size_of(image: Record) -> tuple[int, int]:
    """Return width and height as a record of an image says them; zeros if it does not."""
    size = numbers([image.get("width"), image.get("height")])
    if not size or min(size) < 1 or max(size) > INT_MAX:
        return 0, 0
    return int(size[0]), int(size[1])


def box_of(annotation: Record) -> Box:
    """Return the box of an object; where it has none, the bounds of its segmentation."""
    found = numbers(annotation.get("bbox"))
    if len(found) == 4:
        left, top, width, height = found
        return left, top, left + width, top + height
    box = bounds_of_segmentation(annotation.get("segmentation"))
    return box if has_area(box) else NOWHERE


def bounds_of_segmentation(segmentation: object) -> Box:
    """Return the box around polygons or a mask; nan if they are none."""
    if isinstance(segmentation, dict):
        return bounds_of_mask(segmentation.get("size"), segmentation.get("counts"))
    parts = segmentation if isinstance(segmentation, list) else []
    parts = [parts] if numbers(parts) else parts
    points = [value for part in parts for value in numbers(part)]
    if len(points) < 6 or len(points) % 2:
        return NOWHERE
    return bounds_of(zip(points[::2], points[1::2], strict=True))
