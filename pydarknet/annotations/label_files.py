"""Label files of annotations: written where there is none, never over one that is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..cfg.lineage import FORK
from ..dataset.files import label_file, label_path
from ..dataset.image_set import ImageSet, check_new
from ..dataset.parts import TEST, TRAIN, VALID
from ..errors import DarknetError
from ..system.console import note, note_once, say
from ..system.files import make_folder, write_errors, write_file
from ..system.text import bytes_of, count_of, excerpt, read_text
from .instances import Box, Instance, cut, has_area, overhang, shares
from .source import AnnotatedImage, LeftOut, Source

MARGIN: Final = 1.0  # pixels that a box may reach beyond its image: programs count from 0 or from 1
DIGITS: Final = 9


@dataclass
class Written:
    """What became of a source: the numbers of label files, objects, and boxes that were cut.

    Files that were there are `kept`; `other` of them say something else.
    """

    files: int = 0
    objects: int = 0
    cut: int = 0
    kept: int = 0
    other: int = 0


def write_labels(source: Source) -> tuple[ImageSet, Written]:
    """Write the label files of a source that are not there, and return the images that have one.

    An image whose label file would be another's is left out. Raises DataError if a file cannot be
    written.
    """
    written = Written()
    owners: dict[str, str] = {}
    parts: dict[str, list[str]] = {name: [] for name in source.parts}
    for name, images in source.parts.items():
        for image in images:
            path = label_path(image.path)
            if path in owners:
                problem = f"{path} has the labels of {owners[path]}: left out"
                source.left_out.add("images of one name", f"{image.path}: {problem}")
                continue
            owners[path] = image.path
            write_label(path, image, source, written)
            parts[name].append(image.path)
    found = ImageSet(parts[TRAIN], parts[VALID], source.names, parts.get(TEST, []))
    return found, written


def write_label(path: str, image: AnnotatedImage, source: Source, written: Written) -> None:
    """Write the label file of an image, unless it has one; count what is done."""
    text = "".join(lines_of(image, source, written))
    written.objects += text.count("\n")
    there = label_file(image.path, FORK)
    if there is None:
        with write_errors(path):
            make_folder(Path(path).parent)
            check_new(Path(path))  # a link to nothing
            write_file(path, bytes_of(text))
        written.files += 1
        return
    written.kept += 1
    if not is_same(there, text):
        written.other += 1
        note_once(f"{there}: is there already, with other labels: it is kept", "other labels")


def is_same(path: str, text: str) -> bool:
    """Return whether a label file has this text, whatever blanks are in it."""
    try:
        return read_text(path, "labels").split() == text.split()
    except DarknetError:
        return False


def lines_of(image: AnnotatedImage, source: Source, written: Written) -> Iterator[str]:
    """Yield the lines of an image's labels."""
    expected = excerpt(", ".join(source.names))
    for one in image.instances:
        if one.kind:
            source.left_out.counts[one.kind] += 1
        elif one.name not in source.names:
            problem = f"class {excerpt(one.name)}: expected one of {expected}"
            source.left_out.add("of other classes", f"{one.place}: {problem}: left out")
        elif box := usable_box(one, image, source.left_out):
            written.cut += box != one.box
            values = (f"{value:.{DIGITS}g}" for value in shares(box, image.width, image.height))
            yield f"{source.names.index(one.name)} {' '.join(values)}\n"


def usable_box(one: Instance, image: AnnotatedImage, left_out: LeftOut) -> Box | None:
    """Return the part of a box in its image; None, which is told, if there is none.

    A box that reaches no more than a pixel beyond is as Darknet's scripts write it.
    """
    size = image.width, image.height
    left, top, right, bottom = one.box
    inner = cut(one.box, *size)
    if not has_area(one.box):
        shown = f"box of {right - left:g} x {bottom - top:g} pixels"
        problem = f"{shown}: expected a width and a height"
        left_out.add("without an area", f"{one.place}: {problem}: left out")
        return None
    if not has_area(inner):
        problem = f"box at {left:g}, {top:g} is outside of {image.width} x {image.height} pixels"
        left_out.add("outside of the image", f"{one.place}: {problem}: left out")
        return None
    return one.box if overhang(one.box, *size) <= MARGIN else inner


def tell(written: Written, source: Source) -> None:
    """Say what was written, kept and left out."""
    classes = count_of(len(source.names), "class", "classes")
    labels = count_of(written.files, "label file")
    say(f"{labels} written: {count_of(written.objects, 'object')} of {classes}")
    if written.kept:
        other = f", {written.other} of them with other labels" if written.other else ""
        note(f"kept as they were: {count_of(written.kept, 'label file')}{other}")
    if written.cut:
        note(f"cut at the border of the image: {count_of(written.cut, 'box', 'boxes')}")
    if summary := source.left_out.summary:
        note(f"left out: {summary}")
