"""A folder of labelled images becomes a data set: two lists, names, a .data file."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..cfg.lineage import FORK
from ..errors import DataError, UsageError
from ..image.formats import ENDINGS
from ..system.files import write_errors, write_file
from ..system.folders import files_below
from ..system.text import bytes_of, count_of
from .files import label_file, read_names

NAMES = ("classes.txt", "obj.names", "data.names", "classes.names", "predefined_classes.txt")
PARTS = 10  # of the images, of which one is for validation


@dataclass(frozen=True)
class Folder:
    """The labelled images in a folder and below it, of which some validate, and its class names."""

    train: list[str]
    valid: list[str]
    names: list[str]
    unlabelled: int = 0


def read_folder(path: Path) -> Folder:
    """Find images that have label files, and names; a tenth validates, the same at each call.

    Which tenth is decided by the names of the files, so that others may be added later. Raises
    DataError if there are too few.
    """
    images = [one for one in files_below(path) if Path(one).suffix.lower() in ENDINGS]
    labelled = [os.path.abspath(one) for one in images if label_file(one, FORK)]
    if len(labelled) < 2:
        problem = f"has {count_of(len(labelled), 'image')} with labels: expected two at least"
        raise DataError(problem, where=path, hint="a label file is IMAGE.txt beside IMAGE.jpg")
    valid = [one for one in labelled if validates(one)] or labelled[:1]
    train = [one for one in labelled if one not in set(valid)] or labelled[1:]
    return Folder(train, valid, names_in(path), len(images) - len(labelled))


def validates(image: str) -> bool:
    """Return whether an image is for validation, by its name."""
    return zlib.crc32(bytes_of(Path(image).name)) % PARTS == 0


def names_in(folder: Path) -> list[str]:
    """Return the class names that a program for labels left in a folder; none if it left none."""
    found = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    return list(read_names(str(found))) if found else []


def write_folder(folder: Folder, stem: str, names: Sequence[str]) -> list[Path]:
    """Write STEM.data, STEM.names and both lists; return the files.

    Raises UsageError if one is there, DataError if one cannot be written.
    """
    texts = dict(texts_of(folder, stem, names))
    for path in texts:
        check_new(path, f"{stem}.data may be named in place of the folder")
    for path, text in texts.items():
        with write_errors(path):
            write_file(path, bytes_of(text))
    return list(texts)


def texts_of(folder: Folder, stem: str, names: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """Yield the files of a data set and what stands in them; the .data file is the first."""
    files = {part: Path(f"{stem}_{part}.txt") for part in ("train", "valid")}
    named = Path(f"{stem}.names")
    lines = [f"classes={len(names)}", *(f"{part}={file}" for part, file in files.items())]
    yield Path(f"{stem}.data"), "\n".join([*lines, f"names={named}", "backup=backup", ""])
    yield named, "".join(f"{name}\n" for name in names)
    yield files["train"], "".join(f"{image}\n" for image in folder.train)
    yield files["valid"], "".join(f"{image}\n" for image in folder.valid)


def check_new(path: Path, hint: str = "") -> None:
    """Raise UsageError for a file that is there already."""
    if os.path.lexists(path):
        raise UsageError(f"{path} is there already: expected a new file", hint=hint)
