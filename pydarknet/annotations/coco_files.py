"""Data sets of COCO's form: a file for each part, and their images."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

from ..dataset.parts import ANY, PARTS, TRAIN
from ..system.console import note
from ..system.text import excerpt
from .coco_file import CocoFile, name_of, size_of
from .instances import inside
from .source import Source

ORPHANS: Final = "of images that are not listed"
TRAIN_WORD: Final = re.compile("train", re.IGNORECASE)
AWAY: Final = re.compile(r"/|\.\.?/|[A-Za-z]:/")  # how a path of another place begins
UNUSED: Final = "images that cannot be found"


def read_coco(path: Path, images: Path | None = None) -> Source:
    """Read a file, and those of other parts that stand where its `train` becomes `val` or `test`.

    Images may lie in a folder of their own. Classes are the first file's categories in the order of
    their ids. Raises DataError if it is wrong, or fewer than two images can be used.
    """
    source = Source()
    files = dict(parts_of(path))
    contents = {part: CocoFile.read(file) for part, file in files.items()}
    source.names = class_names(list(contents.values()))
    for part, content in contents.items():
        if content.path != path:
            note(f"{content.path}: {part}")
        add_images(source, part, content, [images] if images else homes_of(content.path))
    source.divide(path)
    return source


def parts_of(path: Path) -> Iterator[tuple[str, Path]]:
    """Yield the parts that there are, and their files: this one first."""
    of_train = TRAIN in f"{path.parent.name}/{path.name}".lower()
    yield (TRAIN if of_train else ANY), path
    found: dict[str, Path] = {}
    for word, part in PARTS.items():
        for form in (word, word.capitalize()):
            name, folder = (TRAIN_WORD.sub(form, one) for one in (path.name, path.parent.name))
            for file in (path.with_name(name), path.parent.parent / folder / path.name):
                if part != TRAIN and file != path and file.is_file():
                    found.setdefault(part, file)
    yield from found.items()


def class_names(contents: list[CocoFile]) -> list[str]:
    """Return the names of the first file's categories, each once.

    A category that is the parent of others and that no object has is none: Roboflow writes one.
    """
    used = {str(one.get("category_id")) for content in contents for one in content.annotations}
    ranked = contents[0].ranked_categories()
    above = [one.get("supercategory") for one in ranked]  # JSON may say anything
    parents = {str(one) for one in above if one not in (None, "none")}
    return list(
        dict.fromkeys(
            name_of(one)
            for one in ranked
            if str(one.get("id")) in used or str(one.get("name")) not in parents
        )
    )


def homes_of(path: Path) -> list[Path]:
    """Return the folders in which a file's images may lie: beside it, or as COCO has them."""
    name, home, above = path.stem.removeprefix("instances_"), path.parent, path.parent.parent
    places = [home, home / "images", above / "images" / name, above / name, above / "images"]
    return [one for one in [*places, Path("images") / name, above] if one.is_dir()]


def add_images(source: Source, part: str, content: CocoFile, homes: list[Path]) -> None:
    """Add the images of a file to a source."""
    by_image = content.by_image()
    for record in content.images:
        annotations = by_image.pop(str(record.get("id")), [])
        place = f"{content.path}: image {excerpt(str(record.get('file_name')))}"
        image = find_image(record, homes)
        if image is None:
            where = f"in {homes[0]}" if homes else "where COCO has them"
            source.left_out.add(UNUSED, f"{place}: is no file {where}: left out")
            continue
        homes.sort(key=lambda home: not image.is_relative_to(home))  # where others lie, too
        source.add(part, image, size_of(record), tuple(content.instances(annotations)), place)
    for annotations in by_image.values():
        for one in annotations:
            problem = f"image {excerpt(str(one.get('image_id')))} is not listed"
            source.left_out.add(ORPHANS, f"{content.place(one)}: {problem}: left out")


def find_image(record: dict[str, Any], homes: list[Path]) -> Path | None:
    """Return the file of an image in one of some folders; None if there is none.

    Of a path that leaves them, the name alone counts.
    """
    name = str(record.get("file_name") or "").replace("\\", "/")
    names = [name, *[PurePosixPath(name).name] * bool(AWAY.match(name))]
    places = (inside(home, one) for one in names for home in homes)
    return next((place for place in places if place and os.path.isfile(place)), None)
