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
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labels import (
    count_of,
    has_area,
    image_size,
    inside,
    label_line,
    other_owner,
    shares,
    stop,
    write_label,
    write_list,
)
from pydarknet.annotations.coco_file import CocoFile, box_of, name_of, size_of
from pydarknet.errors import DarknetError


def read_instances(file: Path) -> CocoFile:
    """Read the annotations, or exit with a message if the file is wrong."""
    try:
        return CocoFile.read(file)
    except DarknetError as error:
        stop(str(error))


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
            elif not has_area(box):
                self.skipped["without a box"] += 1
            else:
                self.count += 1
                yield label_line(category, *shares(box, width, height))

    def report(self, name: str, images: int) -> None:
        """Print how many images and objects there are; say on stderr what was left out."""
        found = f"{count_of(images, 'image')}, {count_of(self.count, 'object')}"
        print(f"{name}: {found}; left out: {self.skipped.total()}")
        if self.skipped:
            reasons = ", ".join(f"{n} {reason}" for reason, n in sorted(self.skipped.items()))
            print(f"{name}: left out: {reasons}", file=sys.stderr)


def known_size(image: dict[str, Any], path: Path) -> tuple[int, int] | None:
    """Return the size that the file says, or else that of the image itself."""
    size = size_of(image)
    return image_size(path) if 0 in size else size


def why_not(
    image: dict[str, Any], path: Path | None, labels: Path | None, owners: dict[Path, Path]
) -> str:
    """Return why an image is left out; an empty text if it is not. `owners` as in `other_owner`."""
    if path is None:
        return "of an image outside of its folder"
    if known_size(image, path) is None:
        return "of an image without a size"
    return "of an image whose label file is another's" if other_owner(path, labels, owners) else ""


def convert(file: Path, options: argparse.Namespace, owners: dict[Path, Path]) -> None:
    """Write the labels and the list of one file of instances; `owners` as in `other_owner`."""
    content = read_instances(file)
    by_image = content.by_image()
    name = file.stem.removeprefix("instances_")
    home = (options.images or Path("images") / name).absolute()
    converter = Converter(content.ranked_categories(), options.crowds)
    images = []
    for image in content.images:
        annotations = by_image.pop(str(image.get("id")), [])
        path = inside(home, str(image.get("file_name") or ""))
        why = why_not(image, path, options.labels, owners)
        size = known_size(image, path) if path else None
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
