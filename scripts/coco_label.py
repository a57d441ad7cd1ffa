#!/usr/bin/env python3
"""Convert instances_*.json of COCO, or any file of that format, to Darknet's labels and lists.

Classes are the file's categories in the order of their ids: for COCO 80, numbered 0 to 79 without
gaps, as in data/coco.names. Crowds are skipped. An object without a box has the bounds of its
segmentation. What cannot be used is left out, counted, and told on stderr. The images of
instances_train2017.json are read from images/train2017, and so on; labels go to labels/train2017,
an empty file for an image without objects.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labels import (
    content_of,
    count_of,
    image_size,
    inside,
    label_line,
    other_owner,
    stop,
    write_label,
    write_list,
)

PARTS = ("images", "annotations", "categories")
Box = tuple[float, float, float, float]  # left, top, width, height in pixels


def read_instances(file: Path) -> dict[str, Any]:
    """Read the annotations, or exit with a message if the file is wrong."""
    try:
        content = json.loads(content_of(file, "instances_*.json"))
    except (ValueError, RecursionError) as error:
        stop(f"{file}: {error}")
    if not isinstance(content, dict):
        stop(f"{file}: is not an object: expected instances_*.json")
    missing = [part for part in sorted(PARTS) if not isinstance(content.get(part), list)]
    if missing:
        stop(f"{file}: has no {', '.join(missing)}: expected instances_*.json")
    return {part: [one for one in content[part] if isinstance(one, dict)] for part in PARTS}


def numbers(values: object) -> list[float]:
    """Return finite numbers; an empty list if the values are none."""
    try:
        found = [float(value) for value in values]  # type: ignore[attr-defined] # JSON may be anything
    except (TypeError, ValueError, OverflowError):
        return []
    return found if all(map(math.isfinite, found)) else []


def box_of(annotation: dict[str, Any]) -> Box | None:
    """Return the box of an object, or the bounds of its segmentation; None without an area."""
    found = numbers(annotation.get("bbox")) or bounds(annotation.get("segmentation"))
    if len(found) != 4 or found[2] <= 0 or found[3] <= 0:
        return None
    left, top, width, height = found
    return left, top, width, height


def bounds(segmentation: object) -> list[float]:
    """Return left, top, width and height of polygons; an empty list if they are none."""
    parts = segmentation if isinstance(segmentation, list) else []
    parts = [parts] if numbers(parts) else parts
    points = [point for part in parts for point in numbers(part)]
    if len(points) < 6 or len(points) % 2:
        return []
    left, top = min(points[::2]), min(points[1::2])
    return [left, top, max(points[::2]) - left, max(points[1::2]) - top]


def rank(category: dict[str, Any]) -> tuple[bool, float, str]:
    """Return by what categories are sorted: the number of their id, or its text."""
    number = numbers([category.get("id")])
    return not number, number[0] if number else 0, str(category.get("id"))


@dataclass
class Converter:
    """Converts objects to lines of labels, and counts them and what it leaves out."""

    categories: Sequence[dict[str, Any]]
    crowds: bool
    count: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    def lines(
        self, annotations: Sequence[dict[str, Any]], width: int, height: int
    ) -> Iterator[str]:
        """Yield the lines of an image's objects; COCO's pixels are counted from 0."""
        classes = {str(one.get("id")): index for index, one in enumerate(self.categories)}
        for annotation in annotations:
            box, category = box_of(annotation), classes.get(str(annotation.get("category_id")))
            if annotation.get("iscrowd") and not self.crowds:
                self.skipped["crowds"] += 1
            elif category is None:
                self.skipped["of a category that is not listed"] += 1
            elif box is None:
                self.skipped["without a box"] += 1
            else:
                self.count += 1
                left, top, w, h = box
                x, y = (left + w / 2) / width, (top + h / 2) / height
                yield label_line(category, x, y, w / width, h / height)

    def report(self, name: str, images: int) -> None:
        """Print how many images and objects there are; say on stderr what was left out."""
        found = f"{count_of(images, 'image')}, {count_of(self.count, 'object')}"
        print(f"{name}: {found}; left out: {self.skipped.total()}")
        if self.skipped:
            reasons = ", ".join(f"{n} {reason}" for reason, n in sorted(self.skipped.items()))
            print(f"{name}: left out: {reasons}", file=sys.stderr)


def size_of(image: dict[str, Any], path: Path) -> tuple[int, int] | None:
    """Return the size that the file says, or else that of the image itself."""
    size = numbers([image.get("width"), image.get("height")])
    if len(size) == 2 and min(size) >= 1:
        return int(size[0]), int(size[1])
    return image_size(path)


def why_not(
    image: dict[str, Any], path: Path | None, labels: Path | None, owners: dict[Path, Path]
) -> str:
    """Return why an image is left out; an empty text if it is not. `owners` as in `other_owner`."""
    if path is None:
        return "of an image outside of its folder"
    if size_of(image, path) is None:
        return "of an image without a size"
    return "of an image whose label file is another's" if other_owner(path, labels, owners) else ""


def convert(file: Path, options: argparse.Namespace, owners: dict[Path, Path]) -> None:
    """Write the labels and the list of one file of instances; `owners` as in `other_owner`."""
    content = read_instances(file)
    by_image = defaultdict(list)
    for annotation in content["annotations"]:
        by_image[str(annotation.get("image_id"))].append(annotation)
    name = file.stem.removeprefix("instances_")
    home = (options.images or Path("images") / name).absolute()
    converter = Converter(sorted(content["categories"], key=rank), options.crowds)
    images = []
    for image in content["images"]:
        annotations = by_image.pop(str(image.get("id")), [])
        path = inside(home, str(image.get("file_name") or ""))
        why = why_not(image, path, options.labels, owners)
        size = size_of(image, path) if path else None
        if path is None or size is None or why:
            converter.skipped[why] += len(annotations)
            print(f"{name}: {image.get('file_name')!r} is left out: {why}", file=sys.stderr)
            continue
        write_label(path, list(converter.lines(annotations, *size)), options.labels)
        images.append(path)
    orphans = sum(map(len, by_image.values()))
    converter.skipped += Counter({"of an image that is not listed": orphans})
    converter.report(name, len(images))
    write_list(options.out / f"{name}.txt", images)
    if options.names:
        write_list(options.names, list(map(name_of, converter.categories)))


def name_of(category: dict[str, Any]) -> str:
    """Return the name of a category as one line, or its id."""
    return " ".join(str(category.get("name") or category.get("id")).split())


def main() -> None:
    """Convert every file on the command line."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    add = parser.add_argument
    add("instances", type=Path, nargs="+", help="files such as instances_train2017.json")
    add("--images", type=Path, metavar="DIR", help="folder of the images (images/NAME)")
    add("--labels", type=Path, metavar="DIR", help="write labels here (where Darknet looks)")
    add("--names", type=Path, metavar="FILE", help="write the class names to this file")
    add("--crowds", action="store_true", help="keep crowds")
    add("--out", type=Path, default=Path(), metavar="DIR", help="write lists here (.)")
    options = parser.parse_args()
    owners: dict[Path, Path] = {}
    for file in options.instances:
        convert(file, options, owners)


if __name__ == "__main__":
    main()
