"""A set of labelled images and what describes it: a .data file, names, a list for each part."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..cfg.lineage import FORK
from ..errors import DarknetError, DataError, UsageError
from ..image.formats import ENDINGS
from ..system.files import write_errors, write_file
from ..system.folders import files_below
from ..system.text import bytes_of, count_of, read_text
from .files import label_file, read_names
from .parts import ANY, TEST, TRAIN, VALID, part_named, split
from .polygons import is_polygon

NAMES = (
    *("classes.txt", "obj.names", "data.names", "classes.names", "_darknet.labels"),
    "predefined_classes.txt",
)

NOTES = "notes.json"
MOST_CLASSES = 10_000
NO_IMAGE = "there is no image at all: labels were exported without them, put them beside"


@dataclass(frozen=True)
class ImageSet:
    """Labelled images that train, those that validate, others kept apart, and class names.

    `unlabelled` images without label files were left out. `polygons` are among the labels.
    """

    train: list[str]
    valid: list[str]
    names: list[str]
    test: list[str] = field(default_factory=list)
    unlabelled: int = 0
    polygons: bool = False

    @property
    def parts(self) -> dict[str, list[str]]:
        """The images of each part that has some."""
        parts = {"train": self.train, "valid": self.valid, "test": self.test}
        return {name: images for name, images in parts.items() if images}


def read_folder(path: Path) -> ImageSet:
    """Find images that have label files, and names.

    Folders named train, valid (or val) and test are these parts. Of images without a part to
    validate, a tenth does, the same at each call. Raises DataError if there are too few.
    """
    images = images_below(path)
    labelled = [one for one in images if label_file(one, FORK)]
    if len(labelled) < 2:
        problem = f"has {count_of(len(labelled), 'image')} with labels: expected two at least"
        hint = "a label file is IMAGE.txt beside IMAGE.jpg" if images else NO_IMAGE
        raise DataError(problem, where=path, hint=hint)
    train, valid, test = parts_of(labelled, os.path.abspath(path))
    polygons = any(map(has_polygon, labelled))
    left = len(images) - len(labelled)
    return ImageSet(train, valid, names_below(path), test, unlabelled=left, polygons=polygons)


def parts_of(images: Sequence[str], folder: str) -> tuple[list[str], list[str], list[str]]:
    """Return the images in a folder that train, validate and test, by the folders they lie in."""
    parts: dict[str, list[str]] = {TRAIN: [], VALID: [], TEST: [], ANY: []}
    for image in images:
        parts[part_named(Path(image).relative_to(folder).parts[:-1])].append(image)
    train, valid = [*parts[TRAIN], *parts[ANY]], parts[VALID]
    if len(train) + len(valid) < 2:
        return *split(images), []
    if not train or not valid:
        train, valid = split([*train, *valid])
    return train, valid, parts[TEST]


def has_polygon(image: str) -> bool:
    """Return whether the labels of an image have a polygon."""
    path = label_file(image, FORK)
    try:
        text = read_text(path, "labels") if path else ""
    except DarknetError:
        return False
    return any(is_polygon(line.split()) for line in text.split("\n"))


def images_below(folder: Path) -> list[str]:
    """Return the absolute paths of the images in a folder and below it."""
    files = files_below(folder)
    return [os.path.abspath(one) for one in files if Path(one).suffix.lower() in ENDINGS]


def names_in(folder: Path) -> list[str]:
    """Return the class names that a program for labels left in a folder; none if it left none."""
    found = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    names = list(read_names(str(found))) if found else []
    return in_order(names, folder / NOTES)


def in_order(names: list[str], notes: Path) -> list[str]:
    """Return names in the order of the numbers that Label Studio's notes give them, if it did.

    Its list has them in another one where a project numbers classes itself, perhaps with gaps.
    """
    try:
        categories = json.loads(read_text(notes, "notes", most=None))["categories"] if names else []
        numbers = {int(one["id"]): str(one["name"]) for one in categories}
    except (DarknetError, ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return names
    same = bool(names) and sorted(numbers.values()) == sorted(names)
    if not same or min(numbers) < 0 or max(numbers) >= MOST_CLASSES:
        return names
    return [numbers.get(k, f"class{k}") for k in range(max(numbers) + 1)]


def names_below(folder: Path) -> list[str]:
    """Return the class names of a folder, else those in its folders, which must be the same.

    LabelImg leaves them among the labels, Roboflow in each part. Raises DataError.
    """
    folders = [folder, *sorted(one for one in folder.iterdir() if one.is_dir())]
    lists = {one: names for one in folders if (names := names_in(one))}
    first = next(iter(lists), folder)
    other = next((one for one in lists if lists[one] != lists[first]), None)
    if other and first != folder:
        raise DataError(f"has other names of classes than {first}: expected the same", where=other)
    return lists.get(first, [])


def files_of(stem: str, parts: Iterable[str] = ("train", "valid")) -> dict[str, Path]:
    """Return the files that describe a set, by what they hold; the .data file is the first."""
    lists = {part: Path(f"{stem}_{part}.txt") for part in parts}
    return {"data": Path(f"{stem}.data"), "names": Path(f"{stem}.names"), **lists}


def check_absent(files: Iterable[Path], stem: str) -> None:
    """Raise UsageError if one of the files of a set is there."""
    for path in files:
        check_new(path, f"{stem}.data may be named in place of its source")


def write_image_set(images: ImageSet, stem: str, names: Sequence[str]) -> list[Path]:
    """Write STEM.data, STEM.names and a list for each part; return the files.

    Raises UsageError if one is there, DataError if one cannot be written.
    """
    texts = dict(texts_of(images, stem, names))
    check_absent(texts, stem)
    for path, text in texts.items():
        with write_errors(path):
            write_file(path, bytes_of(text))
    return list(texts)


def texts_of(images: ImageSet, stem: str, names: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """Yield the files of a set and what stands in them; the .data file is the first."""
    files = files_of(stem, images.parts)
    lines = [f"classes={len(names)}"]
    lines += [f"{part}={files[part]}" for part in images.parts if part != "test"]
    lines += [f"names={files['names']}", *["polygons=1"] * images.polygons, "backup=backup", ""]
    yield files["data"], "\n".join(lines)
    yield files["names"], "".join(f"{name}\n" for name in names)
    for part, paths in images.parts.items():
        yield files[part], "".join(f"{image}\n" for image in paths)


def check_new(path: Path, hint: str = "") -> None:
    """Raise UsageError for a file that is there already."""
    if os.path.lexists(path):
        raise UsageError(f"{path} is there already: expected a new file", hint=hint)
