"""Labels of an image that have another name, place or form than training looks for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

FOLDERS: Final = 50  # beside an image and in its folder that are looked into
CONVERTERS: Final = {".xml": "scripts/voc_label.py", ".json": "scripts/coco_label.py"}


def labels_elsewhere(image: str) -> str:
    """Return what to do with labels that seem to be those of an image; "" if there are none."""
    folder, name = os.path.split(image)
    stem = os.path.splitext(name)[0]
    there = files_of(folder)
    for other in there:
        if is_other_name(other, name, stem):
            label = os.path.join(folder, other)
            return f"there is {label}: rename it to {stem}.txt, and others likewise"
    for place in (folder, *folders_around(folder)):
        there = files_of(place)
        if f"{stem}.txt" in there:
            label = os.path.join(place, f"{stem}.txt")
            return f"there is {label}: copy it beside the image, and others likewise"
        for ending, script in CONVERTERS.items():
            if f"{stem}{ending}" in there:
                return f"there is {os.path.join(place, stem + ending)}: convert it ({script})"
        whole = next((one for one in there if is_coco(one)), "")
        if whole:
            return f"there is {os.path.join(place, whole)}: convert it ({CONVERTERS['.json']})"
    return ""


def is_other_name(other: str, name: str, stem: str) -> bool:
    """Return whether a file is an image's labels but for its name.

    Endings are in capitals, follow the image's, or Label Studio has put a key before the name.
    """
    if not other.lower().endswith(".txt") or other == f"{stem}.txt":
        return False
    return other[:-4] in (stem, name) or other[:-4].endswith(f"-{stem}")


def is_coco(name: str) -> bool:
    """Return whether a file is named as tools name COCO's labels of all images."""
    return name.endswith(".json") and ("coco" in name or "instances" in name)


def folders_around(folder: str) -> Iterator[str]:
    """Yield the folders in a folder and those beside it, by their names."""
    for base in (folder, os.path.dirname(folder)):
        for name in [one for one in files_of(base) if "." not in one][:FOLDERS]:
            path = os.path.join(base, name)
            if path != folder and os.path.isdir(path):
                yield path


def files_of(folder: str) -> list[str]:
    """Return the names in a folder, in order; none if it cannot be read."""
    try:
        return sorted(os.listdir(folder or "."))
    except OSError:
        return []
