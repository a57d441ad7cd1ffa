"""The files that describe a data set: .data files, lists and names; and paths of label files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..cfg.lineage import FORK, PerLineage
from ..cfg.numbers import Range, misreading, number
from ..cfg.parser import Entry, Section, section_of
from ..errors import DataError
from ..system.console import note, note_once
from ..system.inputs import remember, remember_all
from ..system.paths import first_makeable, first_there, meanings, new_place, oddity
from ..system.resources import locate
from ..system.spelling import nearest
from ..system.text import count_of, excerpt, read_text, without_end

BEGUN = 3  # letters of a key that say which one is meant
NATURAL = Range(least=0)
WINDOWS = re.compile(r"[A-Za-z]:[\\/]")  # how a path with a drive begins
WORDS = ("images", "JPEGImages", "raw", ".jpg", ".png", ".JPG", ".JPEG")
WORDS_OF_V1 = tuple(word for word in WORDS if word != "raw")


@dataclass(frozen=True)
class DataFile:
    """The `key=value` lines of a .data file.

    Darknet: src/option_list.c read_data_cfg
    """

    section: Section

    @classmethod
    def read(cls, path: str | Path) -> DataFile:
        """Read a .data file, or the shipped file of that name."""
        file = locate(path)
        section = section_of(read_text(file, "a .data file"), str(file))
        remember_all(lambda: [entry.value for entry in section.entries if entry.value])
        return cls(section)

    @property
    def path(self) -> str:
        """The path of the file."""
        return self.section.path

    def get(self, key: str, default: str) -> str:
        """Return the value of a key, or the default, which is reported."""
        found = self.find(key)
        if found is None:
            note(f"{key}: Using default '{default}'")
        return default if found is None else found

    def integer(self, key: str, default: int, bounds: Range = NATURAL) -> int:
        """Return the whole number of a key, or the default, which is reported."""
        entry = self.section.find(key)
        if entry is None:
            return int(self.get(key, str(default)))
        where, text = f"{self.section.path}:{entry.line}", entry.value or ""
        try:
            value = int(number(text, int, bounds))
        except ValueError as error:
            raise DataError(f"{key} = {excerpt(text)}: {error}", where=where) from None
        if cut := misreading(text, int):
            note(f"{where}: {key} = {excerpt(text)}: {cut}")
        return value

    def find(self, key: str) -> str | None:
        """Return the value of a key, or None; a key that probably means it is told."""
        entry = self.section.find(key)
        if entry is None and (meant := self.misspelt(key)):
            note_once(str(meant))
        return entry.value if entry else None

    def misspelt(self, key: str) -> DataError | None:
        """Return the error of an entry that probably means a missing key, or None."""
        entries = [entry for entry in self.section.entries if entry.value and entry.key != key]
        spelt = {entry.key.lower(): entry for entry in reversed(entries)}
        begun = [word for word in spelt if len(word) >= BEGUN and key.startswith(word)]
        found = nearest(key, spelt) or next(iter(begun), None)
        if found is None:
            return None
        entry = spelt[found]
        problem = f"{entry.key} = {excerpt(entry.written)}: unknown key, did you mean {key}?"
        return DataError(problem, where=f"{self.path}:{entry.line}")

    def get_file(self, key: str, default: str) -> str:
        """Return the path of a key's file, as `find_file`, or the default, which is reported.

        Raises DataError if the default is not there, and the key seems to be misspelt.
        """
        found = self.file(key)
        if found is None and not os.path.exists(locate(default)) and (meant := self.misspelt(key)):
            raise meant
        path = found or self.get(key, default)
        remember(path)
        return path

    def find_file(self, key: str) -> str | None:
        """Return the path of a key's file, or None; a key that probably means it is told."""
        found = self.file(key)
        return self.find(key) if found is None else found

    def file(self, key: str) -> str | None:
        """Return the path of a key's file, or None.

        If it is not there as Darknet reads it, it may be as it was written, or near the data file,
        without the folders that this file was made for.

        Quirk: BLANKS_VANISH
        Quirk: LISTED_PATHS
        """
        entry = self.section.find(key)
        if entry is None or entry.value is None:
            return None
        if os.path.exists(entry.value):
            return entry.value
        means = (entry.value, *meanings(entry.written))
        found = first_there(means, ("", *self.section.folders))
        found = found or new_place(means[-1], self.section.folders[0], alone=True)
        self.tell(entry, found)
        return found or entry.value

    def get_folder(self, key: str, default: str) -> Path:
        """Return the folder that is written to, or the default, which is reported.

        If it is not there as Darknet reads it, one that is there as it was written is taken, or one
        that can be made there. Raises DataError if there is neither.

        Quirk: BLANKS_VANISH
        """
        entry = self.section.find(key)
        if entry is None or entry.value is None:
            return Path(self.get(key, default))
        if os.path.isdir(entry.value) or not oddity(entry.written):
            return Path(entry.value)
        means = meanings(entry.written)
        found = first_there(means, there=os.path.isdir) or first_makeable(reversed(means))
        if found is None or oddity(found.replace(" ", "")):
            problem = f"{key} = {excerpt(entry.written)}: expected a folder that is there"
            where = f"{self.path}:{entry.line}"
            raise DataError(problem, where=where, hint=oddity(entry.written))
        self.tell(entry, found)
        return Path(found)

    def tell(self, entry: Entry, found: str | None) -> None:
        """Tell which path is taken for one that is not there as Darknet reads it."""
        reason = oddity(entry.written)
        if reason and found != entry.value:
            place = f"{self.path}:{entry.line}: {entry.key} = {excerpt(entry.written)}"
            note(f"{place}: taken as {found or entry.value} ({reason})")
        elif found not in (None, entry.value):
            note_once(f"{entry.value} is not here, using {found}")

    @property
    def polygons(self) -> bool:
        """Whether polygons in label files are read as their bounds."""
        return bool(self.find("polygons") and self.integer("polygons", 0))

    def error(self, problem: str) -> DataError:
        """Make the error that names this file."""
        return DataError(problem, where=self.section.path)


def read_list(path: str | Path) -> list[str]:
    """Return the paths of a list of images; empty lines are none.

    One that is not there as it stands may be without blanks or quotes around it, or lie near the
    list, which may have been moved with its images. That is reported once.

    Darknet: src/data.c get_paths
    Quirk: LISTED_PATHS
    """
    file = locate(path)
    lines = [line for line in read_lines(file, "a list of images") if line.strip()]
    paths = [path_in(line, str(file.parent)) for line in lines]
    remember_all(lambda: paths)
    changed = [pair for pair in zip(lines, paths, strict=True) if pair[0] != pair[1]]
    if changed:
        written, found = map(excerpt, changed[0])
        are = "is" if len(changed) == 1 else "are"
        told = f"{len(changed)} of its {count_of(len(paths), 'path')} {are} not there as written"
        note(f"{file}: {told}: {written} is {found}")
    foreign = next((path for path in paths if WINDOWS.match(path)), None) if os.sep == "/" else None
    if foreign and not os.path.exists(foreign):
        note(f"{file}: {excerpt(foreign)} is a path of Windows: expected one of this system")
    return paths


def read_labelled(path: str | Path) -> list[str]:
    """Return the paths of a list of images, as `read_list`, whose label files are read too."""
    images = read_list(path)
    remember_all(lambda: (label for image in images for label in label_paths(image, FORK)))
    return images


def path_in(line: str, folder: str = "") -> str:
    """Return the path that a line gives, of a list in that folder."""
    if os.path.exists(line):
        return line
    means = meanings(line)
    return first_there(means, ("", folder)) or new_place(means[-1], folder) or line


def read_names(path: str | Path) -> list[str]:
    """Return the lines of a list of names, without empty ones at its end.

    Darknet: src/data.c get_labels
    """
    return without_end(read_lines(path, "a list of names"))


def read_lines(path: str | Path, expected: str) -> list[str]:
    """Return the lines of a file, unchanged; the last needs no newline.

    Darknet: src/list.c
    """
    lines = read_text(locate(path), expected, most=None).split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def label_path(image: str) -> str:
    """Return the path to which an image's labels are written: beside it, or in a `labels` folder.

    Darknet: src/utils.c replace_image_to_label (AlexeyAB)
    Quirk: LABEL_PATHS
    """
    path = by_folders(image)
    if path == image:
        raise DataError("is an image: its labels cannot have the same name", where=image)
    return path


def label_paths(image: str, lineage: str) -> tuple[str, ...]:
    """Return the possible paths of an image's labels, in order: those of the lineage come first.

    Quirk: LABEL_PATHS
    """
    found = [rule(image) for rule in LABEL_RULES.of(lineage)]
    found += [by_words(image, WORDS_OF_V1), by_last_folder(image)]
    return tuple(dict.fromkeys(found))


def label_file(image: str, lineage: str) -> str | None:
    """Return an image's labels: the first path that is a file, else that is there, or None."""
    places = label_paths(image, lineage)
    return next((p for is_it in (os.path.isfile, os.path.exists) for p in places if is_it(p)), None)


def by_folders(image: str) -> str:
    """Return the fork's path of an image's labels.

    Darknet: src/utils.c replace_image_to_label (AlexeyAB)
    """
    path = image.strip(" \t")
    for folder in ("train2017", "val2017", "train2014", "val2014"):
        for slash in "/\\":
            old = f"{slash}images{slash}{folder}{slash}"
            path = path.replace(old, f"{slash}labels{slash}{folder}{slash}", 1)
    for slash in "/\\":
        path = path.replace(f"{slash}JPEGImages{slash}", f"{slash}labels{slash}", 1)
    return with_txt(path)


def by_words(image: str, words: tuple[str, ...] = WORDS) -> str:
    """Return the original's path of an image's labels.

    Darknet: src/data.c fill_truth_detection, fill_truth_region
    """
    path = image
    for word in words:
        path = path.replace(word, ".txt" if word[0] == "." else "labels", 1)
    return path if path.endswith(".txt") else with_txt(path)


def by_last_folder(image: str) -> str:
    """Return the path in `labels` for the last folder `images`, as tutorials since YOLOv5 have it.

    The original replaces the first `images`, which may be part of another folder's name.
    """
    before, folder, after = image.rpartition("/images/")
    return with_txt(f"{before}/labels/{after}" if folder else image)


def with_txt(path: str) -> str:
    """Return a path with .txt for its ending, whatever image that says."""
    return f"{os.path.splitext(path)[0]}.txt"


LABEL_RULES: PerLineage[tuple[Callable[[str], str], ...]] = PerLineage(
    pjreddie=(by_words, by_folders), alexeyab=(by_folders, by_words)
)
