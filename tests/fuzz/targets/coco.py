"""COCO's JSON of images, categories and objects, as label lines."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from fuzz.rules import file_of, refusals

from pydarknet.annotations.coco_file import CocoFile, size_of
from pydarknet.annotations.coco_files import add_images, class_names
from pydarknet.annotations.instances import Instance
from pydarknet.annotations.label_files import Written, lines_of
from pydarknet.annotations.source import AnnotatedImage, Source

WORDS = (
    *('"annotations": [', '"categories": [', '"images": [', '"id": 1', '"image_id": 1', '"bbox": '),
    *('"category_id": 1', '"segmentation": ', '"counts": ', '"size": ', '"iscrowd": 1', '"name": '),
    *('"file_name": ', '"width": 8', '"height": 8', '"supercategory": ', "1e400", "null", "[["),
)


def check(content: bytes) -> None:
    """Read a file, its classes, and the objects of each image."""
    with refusals(lines=True):
        found = CocoFile.read(file_of(content, "a.json"))
        source = Source(names=class_names([found]))
        by_image = found.by_image()
        for record in found.images:
            instances = tuple(found.instances(by_image.get(str(record.get("id")), [])))
            check_lines(instances, *size_of(record))
        add_images(source, "train", found, [Path("/nowhere")])


def check_lines(instances: Iterable[Instance], width: int, height: int) -> None:
    """Write the lines of an image's labels."""
    found = tuple(instances)
    image = AnnotatedImage("a.png", width or 8, height or 8, found)
    source = Source(names=sorted({one.name for one in found}))
    for line in lines_of(image, source, Written()):
        index, *box = line.split()
        assert 0 <= int(index) < len(source.names)
        assert all(math.isfinite(float(side)) for side in box), line
