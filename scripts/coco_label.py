#!/usr/bin/env python3
"""Convert instances_*.json of COCO, or any file of that format, to Darknet's labels and lists.

Classes are the file's categories in the order of their ids: for COCO 80, numbered 0 to 79 without
gaps, as in data/coco.names. Crowds are skipped and segmentations ignored. The images of
instances_train2017.json are read from images/train2017, and so on; labels go to labels/train2017,
an empty file for an image without objects.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from labels import label_line, stop, write_label, write_list


def read_instances(file: Path) -> dict[str, Any]:
    """Read the annotations, or exit with a message if the file is wrong."""
    try:
        content: dict[str, Any] = json.loads(file.read_text())
    except (OSError, ValueError, RecursionError) as error:
        stop(f"{file}: {error}")
    missing = {"images", "annotations", "categories"} - set(content)
    if missing:
        stop(f"{file}: has no {', '.join(sorted(missing))}: expected instances_*.json")
    return content


def annotations_by_image(
    content: dict[str, Any], *, crowds: bool
) -> tuple[dict[int, list[Any]], int]:
    """Return the annotations of each image, and the number of those skipped."""
    by_image, skipped = defaultdict(list), 0
    for annotation in content["annotations"]:
        _, _, w, h = annotation["bbox"]
        if (annotation.get("iscrowd") and not crowds) or w <= 0 or h <= 0:
            skipped += 1
        else:
            by_image[annotation["image_id"]].append(annotation)
    return by_image, skipped


def line(annotation: dict[str, Any], classes: dict[int, int], width: int, height: int) -> str:
    """Return the line of one object; COCO's boxes are left, top, width, height from pixel 0."""
    left, top, w, h = annotation["bbox"]
    x, y = (left + w / 2) / width, (top + h / 2) / height
    return label_line(classes[annotation["category_id"]], x, y, w / width, h / height)


def convert(file: Path, options: argparse.Namespace) -> None:
    """Write the labels and the list of one file of instances."""
    content = read_instances(file)
    categories = sorted(content["categories"], key=lambda category: category["id"])
    classes = {category["id"]: index for index, category in enumerate(categories)}
    by_image, skipped = annotations_by_image(content, crowds=options.crowds)
    name = file.stem.removeprefix("instances_")
    home = (options.images or Path("images") / name).absolute()
    images = []
    for image in content["images"]:
        path = home / image["file_name"]
        width, height = image["width"], image["height"]
        lines = [line(annotation, classes, width, height) for annotation in by_image[image["id"]]]
        write_label(path, lines, options.labels)
        images.append(path)
    count = sum(map(len, by_image.values()))
    print(f"{name}: {len(images)} images, {count} objects; left out: {skipped}")
    write_list(options.out / f"{name}.txt", images)
    if options.names:
        write_list(options.names, [category["name"] for category in categories])


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
    for file in options.instances:
        convert(file, options)


if __name__ == "__main__":
    main()
