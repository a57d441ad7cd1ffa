"""A folder of PASCAL VOC's annotations: XML files, their images, and lists of parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..dataset.image_set import names_in
from ..dataset.parts import ANY, TEST, TRAIN, VALID, part_named
from ..errors import DataError
from ..system.folders import files_below
from ..system.text import read_text
from .source import Source
from .voc_file import VocFile, image_of

ANNOTATIONS: Final = "annotations"
IMAGES: Final = ("JPEGImages", "images")
OTHERS: Final = "not in a list of ImageSets/Main"
LISTS: Final = {
    **dict.fromkeys(("val", "Validation"), VALID),  # CVAT begins with a capital
    **dict.fromkeys(("train", "Train"), TRAIN),
    "trainval": ANY,
    **dict.fromkeys(("test", "Test"), TEST),
}


def read_voc(folder: Path, images: Path | None = None) -> Source:
    """Read the annotations in a folder and below it; images may lie in a folder of their own.

    Classes are those of a list of names in the folder, else all that objects have, sorted. Raises
    DataError if fewer than two images can be used.
    """
    source = Source()
    names: set[str] = set()
    lists: dict[Path, dict[str, str]] = {}
    for path in xml_files(folder):
        part = part_of(path, folder, lists)
        if part is None:
            source.left_out.counts[OTHERS] += 1
            continue
        try:
            annotation = VocFile.read(path)
            image = image_of(annotation, [images] if images else homes_of(path))
        except DataError as error:
            source.left_out.add("XML files that cannot be used", f"{error}: left out")
            continue
        names.update(one.name for one in annotation.instances if one.name)
        source.add(part, image, annotation.size, annotation.instances, str(path))
    beside = folder.parent if folder.name.lower() == ANNOTATIONS else folder
    source.names = names_in(folder) or names_in(beside) or sorted(names)
    source.divide(folder)
    return source


def xml_files(folder: Path) -> Iterator[Path]:
    """Yield the XML files in a folder and below it, but for hidden ones."""
    files = map(Path, files_below(folder))
    return (one for one in files if one.suffix.lower() == ".xml" and one.name[0] != ".")


def homes_of(path: Path) -> list[Path]:
    """Return where the image of an XML file may lie: in a folder of images, or beside it.

    The former stands beside the folder of annotations, and may have the same folders in it.
    """
    home = path.parent
    tops = dict.fromkeys([home, *(one for one in path.parents if one.name.lower() == ANNOTATIONS)])
    found = [top.parent / word / home.relative_to(top) for top in tops for word in IMAGES]
    return [one for one in [*found, home] if one.is_dir()]


def part_of(path: Path, folder: Path, lists: dict[Path, dict[str, str]]) -> str | None:
    """Return the part to which an XML file belongs: by VOC's lists, else by its folders' names.

    None if there are such lists, and it is in none. `lists` are those that were read before.
    """
    main = path.parent.parent / "ImageSets" / "Main"
    if main not in lists:
        lists[main] = members(main)
    if lists[main]:
        return lists[main].get(path.stem)
    return part_named(path.relative_to(folder).parts[:-1])


def members(folder: Path) -> dict[str, str]:
    """Return the part of each name in VOC's lists of a folder; nothing if there are none."""
    found: dict[str, str] = {}
    for name, part in LISTS.items():
        file = folder / f"{name}.txt"
        lines = read_text(file, "a list of VOC", most=None).split("\n") if file.is_file() else ()
        for line in lines:
            if words := line.split():
                found.setdefault(words[0], part)
    return found
