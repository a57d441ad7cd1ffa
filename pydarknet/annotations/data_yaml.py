"""A data.yaml, as programs since YOLOv5 have it: folders or lists of images, and class names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..cfg.lineage import FORK
from ..dataset.files import label_file, read_list
from ..dataset.image_set import ImageSet, has_polygon, images_below
from ..dataset.parts import split
from ..errors import DataError
from ..image.formats import ENDINGS
from ..system.console import note
from ..system.problems import UNREADABLE, guard, tell_failure
from ..system.text import count_of, excerpt
from .yaml_file import YamlEntry, read_yaml

POINTS: Final = "kpt_shape"  # the key that only data sets of points have
UP: Final = "../"


def read_data_yaml(path: Path) -> ImageSet:
    """Read a data.yaml. Without images to validate, a tenth of those to train is taken.

    Images without a label file are backgrounds. Raises DataError, and MissingPackage.
    """
    entries = read_yaml(path).entries()
    if POINTS in entries:
        raise entries[POINTS].error(f"{POINTS}: labels of points: expected labels of boxes")
    names = names_of(entries)
    folders = folders_of(entries, path)
    keys = ("train", "val" if "val" in entries else "valid", "test")
    train, valid, test = (list(dict.fromkeys(images_of(entries.get(key), folders))) for key in keys)
    if not train:
        where = entries["train"].place if "train" in entries else path
        raise DataError("train: no image: expected a folder or a list of images", where=where)
    if not valid:
        train, valid = split(train)
    check_labels([*train, *valid], path)
    polygons = any(map(has_polygon, [*train, *valid, *test]))
    return ImageSet(train, valid, names, test, polygons=polygons)


def names_of(entries: dict[str, YamlEntry]) -> list[str]:
    """Return the class names, of a list or of a mapping from numbers, or by `nc` class0, ...

    Raises DataError if `nc` says another number, or a number has no name.
    """
    count, entry = count_of_classes(entries), entries.get("names")
    if entry is None or entry.empty:
        return [f"class{index}" for index in range(count or 0)]
    if entry.node.id != "mapping":
        names = [one.text for one in entry.items()]
    else:
        given = {number_of(key, entry): one.text for key, one in entry.entries().items()}
        missing = next((index for index in range(len(given)) if index not in given), None)
        if missing is not None:
            raise entry.error(f"names: has none for class {missing}: expected each from 0")
        names = [given[index] for index in range(len(given))]
    if count is not None and count != len(names):
        problem = f"nc = {count}, but there are {count_of(len(names), 'name')}: expected as many"
        raise entries["nc"].error(problem)
    return names


def count_of_classes(entries: dict[str, YamlEntry]) -> int | None:
    """Return the number of classes that `nc` says; None if there is none. Raises DataError."""
    entry = entries.get("nc")
    if entry is None or entry.empty:
        return None
    if not (entry.text.isascii() and entry.text.isdigit() and len(entry.text) < 6):
        raise entry.error(f"nc = {excerpt(entry.text)}: expected a number of classes")
    return int(entry.text)


def number_of(key: str, entry: YamlEntry) -> int:
    """Return the class that a key of `names` is. Raises DataError."""
    if not (key.isascii() and key.isdigit() and len(key) < 6):
        raise entry.error(f"names: {excerpt(key)}: expected the number of a class")
    return int(key)


def folders_of(entries: dict[str, YamlEntry], path: Path) -> list[Path]:
    """Return where paths of a file may begin: at its `path`, as it stands or beside it, or there.

    Raises DataError.
    """
    home, entry = path.parent, entries.get("path")
    if entry is None or entry.empty or not entry.text:
        return [home, Path()]
    said = os.path.expanduser(entry.text)
    return [home / said, Path(said), home.parent / Path(said).name, home]


def images_of(entry: YamlEntry | None, folders: list[Path]) -> Iterator[str]:
    """Yield the images of folders and lists; one that is not there is told, and costs no other."""
    for one in [] if entry is None or entry.empty else entry.items():
        with guard(one.place, UNREADABLE):
            yield from images_at(place_of(one, folders))


def place_of(entry: YamlEntry, folders: list[Path]) -> Path:
    """Return the folder or list that is meant. Raises DataError if none is there.

    One of elsewhere, such as `/content/set/train/images` or Roboflow's `../train/images`, may have
    its last folders here. That is told.
    """
    said = os.path.expanduser(entry.text.replace("\\", "/"))
    words = (Path(said).parts or (said,)) if said and "\0" not in said else ()
    for first in range(len(words)):
        form = Path(*words[first:])
        found = next((one / form for one in folders if os.path.exists(one / form)), None)
        if found and first:
            note(f"{entry.place}: {excerpt(said)} is not there, and taken as {found}")
        if found:
            return found
        if not is_elsewhere(said):
            break
    problem = f"{excerpt(said)} is not in {folders[0]}: expected a folder or a list of images"
    raise entry.error(problem)


def is_elsewhere(path: str) -> bool:
    """Return whether a path begins outside of the folder that it is written in."""
    return path.startswith((UP, "/")) or path[1:3] == ":/"


def images_at(place: Path) -> list[str]:
    """Return the images in a folder, of a list, or one image, as absolute paths.

    Of a list, one that is not there is told and left out. Raises DataError for a list that is none.
    """
    if place.is_dir():
        return images_below(place)
    if place.suffix.lower() in ENDINGS:
        return [os.path.abspath(place)]
    listed = read_list(place)
    there = [path for path in listed if os.path.isfile(path)]
    if len(there) < len(listed):
        missing = next(path for path in listed if not os.path.isfile(path))
        count = count_of(len(listed) - len(there), "image")
        tell_failure(f"{place}: {count} of it not there, as {excerpt(missing)}: left out")
    return [os.path.abspath(path) for path in there]


def check_labels(images: list[str], path: Path) -> None:
    """Tell how many images have no label file. Raises DataError if none has one."""
    bare = [image for image in images if label_file(image, FORK) is None]
    if len(bare) == len(images):
        problem = f"none of its {count_of(len(images), 'image')} has a label file"
        where = "labels/a.txt for images/a.jpg, or a.txt beside it"
        raise DataError(f"{problem}: expected {where}", where=path)
    if bare:
        note(f"no label file, so a background: {count_of(len(bare), 'image')}, as {bare[0]}")
