#!/usr/bin/env python3
"""Convert the XML annotations of PASCAL VOC, or a folder of such files, to Darknet's labels.

Without --annotations: read VOCdevkit in the working folder, write VOCdevkit/VOC*/labels, and in the
working folder the lists 2007_train.txt, 2007_val.txt, 2007_test.txt, 2012_train.txt, 2012_val.txt,
train.txt (all but the test set) and train.all.txt. Difficult objects and other classes are skipped,
and boxes are moved by a pixel, as in the script of the original Darknet.

With --annotations: read every XML file of a folder, and write the labels where Darknet looks for
them, a list of the images, and a list of the classes. A file or an image that cannot be read is
told and left out, the others go on, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from labels import (
    ROOT,
    count_of,
    displayable,
    has_area,
    image_size,
    inside,
    label_line,
    other_owner,
    read_list,
    shares,
    stop,
    write_label,
    write_list,
)
from pydarknet.annotations.instances import Instance
from pydarknet.annotations.voc_file import VocFile, image_of
from pydarknet.errors import DarknetError, DataError

SETS = ("2007_train", "2007_val", "2007_test", "2012_train", "2012_val")
TEST = "2007_test"
VOC_NAMES = ROOT / "data" / "voc.names"


@dataclass
class Labels:
    """Converts annotations to lines, and counts the objects it skips."""

    classes: list[str]
    keep_difficult: bool = False
    count: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    def lines(self, annotation: VocFile, *, difficult_only: bool = False) -> Iterator[str]:
        """Yield the lines of an annotation's label file."""
        for one in annotation.instances:
            reason = self.reason(one, difficult_only)
            if reason:
                self.skipped[reason] += 1
                continue
            self.count += 1
            box = shares(one.box, annotation.width, annotation.height)
            yield label_line(self.classes.index(one.name), *box)

    def reason(self, one: Instance, difficult_only: bool) -> str:
        """Return why an object is skipped; an empty text if it is not."""
        if one.name not in self.classes:
            return f"of class {one.name}"
        if bool(one.kind) != difficult_only and not (one.kind and self.keep_difficult):
            return one.kind or "not difficult"
        return "" if has_area(one.box) else "without an area"

    def report(self, name: str, images: int) -> None:
        """Print the numbers of images and objects of a set, and of those skipped."""
        skipped = ", ".join(f"{n} {reason}" for reason, n in sorted(self.skipped.items()))
        found = f"{count_of(images, 'image')}, {count_of(self.count, 'object')}"
        print(displayable(f"{name}: {found}; left out: {skipped or 'none'}"))


def convert_voc(options: argparse.Namespace) -> None:
    """Write the labels and lists of VOCdevkit."""
    classes = read_list(options.classes or VOC_NAMES)
    lists = {name: voc_set(options, name, classes) for name in options.sets or SETS}
    found = {name: images for name, images in lists.items() if images}
    if not found:
        stop(f"{options.root}: expected VOC2007 or VOC2012 with ImageSets/Main below it")
    for name, images in found.items():
        write_list(options.out / f"{name}.txt", images)
    training = [image for name, images in found.items() if name != TEST for image in images]
    write_list(options.out / "train.txt", training)
    everything = [image for images in found.values() for image in images]
    write_list(options.out / "train.all.txt", everything)


def voc_set(options: argparse.Namespace, name: str, classes: list[str]) -> list[Path]:
    """Write the labels of one set, such as 2007_train, and return its images."""
    year, _, part = name.partition("_")
    folder = (options.root / f"VOC{year}").absolute()
    members = folder / "ImageSets" / "Main" / f"{part}.txt"
    if not members.is_file():
        print(f"{name}: {members} is not here")
        return []
    names = [line.split()[0] for line in read_list(members)]
    images = [member(folder / "JPEGImages", name, members) for name in names]
    labels = Labels(classes, options.difficult == "keep")
    hard = Labels(classes)
    for image in images:
        annotation = read_sized(folder / "Annotations" / f"{image.stem}.xml", options.shift)
        write_label(image, labels.lines(annotation))
        if options.difficult == "apart":
            write_label(difficult_name(image), hard.lines(annotation, difficult_only=True))
    if options.difficult == "apart":
        write_list(
            options.out / f"difficult_{name}.txt", [difficult_name(image) for image in images]
        )
    labels.report(name, len(images))
    return images


def member(folder: Path, name: str, members: Path) -> Path:
    """Return the image of a set's member, or exit if its name would leave the folder."""
    return inside(folder, f"{name}.jpg") or stop(f"{members}: {name!r}: expected a file name")


def difficult_name(image: Path) -> Path:
    """Return the image name for which the fork looks up the difficult objects of an image."""
    return image.with_name(f"difficult_{image.name}")


def convert_folder(options: argparse.Namespace) -> None:
    """Write the labels of every XML file of a folder, the list of images, and the classes."""
    files = sorted(options.annotations.glob("*.xml"))
    if not files:
        stop(f"{options.annotations}: expected .xml files")
    usable = list(read_usable(files, options))
    if not usable:
        stop(f"{options.annotations}: expected an .xml file that can be used")
    annotations = [annotation for annotation, _ in usable]
    found = sorted({one.name for annotation in annotations for one in annotation.instances})
    classes = read_list(options.classes) if options.classes else found
    labels = Labels(classes, options.difficult == "keep")
    images = [image for _, image in usable]
    owners: dict[Path, Path] = {}
    for image, annotation in zip(images, annotations, strict=True):
        if other := other_owner(image, options.labels, owners):
            stop(f"{annotation.path}: the labels of {image} would replace those of {other}")
    for image, annotation in zip(images, annotations, strict=True):
        write_label(image, labels.lines(annotation), options.labels)
    labels.report(str(options.annotations), len(images))
    write_list(options.out / options.list, images)
    if not options.classes:
        write_list(options.out / options.names, found)
    if len(usable) < len(files):
        sys.exit(1)


def read_usable(
    files: Iterable[Path], options: argparse.Namespace
) -> Iterator[tuple[VocFile, Path]]:
    """Yield the annotations of files, with their images; say of each other file why it is none."""
    home = options.images or image_folder(options.annotations)
    for file in files:
        try:
            annotation = VocFile.read(file, options.shift)
            image = image_of(annotation, [home])
            yield with_size(annotation, image), image
        except DarknetError as problem:
            print(displayable(f"{problem}: left out"), file=sys.stderr)


def image_folder(annotations: Path) -> Path:
    """Return the image folder that belongs to a folder of annotations."""
    for name in ("JPEGImages", "images"):
        if (annotations.parent / name).is_dir():
            return annotations.parent / name
    return annotations


def with_size(annotation: VocFile, image: Path) -> VocFile:
    """Return an annotation with its image's size, read from the image if the XML lacks it."""
    if 0 not in annotation.size:
        return annotation
    size = image_size(image)
    if size is None:
        problem = f"is not an image, and {annotation.path} does not give its size"
        raise DataError(problem, where=image)
    return replace(annotation, width=size[0], height=size[1])


def read_sized(file: Path, shift: float) -> VocFile:
    """Read an annotation of VOC's, or exit if it is wrong or lacks the image's size."""
    try:
        annotation = VocFile.read(file, shift)
    except DarknetError as problem:
        stop(str(problem))
    if 0 in annotation.size:
        stop(f"{file}: expected the image's size")
    return annotation


def command_line() -> argparse.Namespace:
    """Return the options of the command line."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    add = parser.add_argument
    add("--root", type=Path, default=Path("VOCdevkit"), help="folder of VOC2007, VOC2012")
    add("--sets", nargs="+", metavar="YEAR_SET", help="sets to convert, such as 2007_train")
    add("--annotations", type=Path, metavar="DIR", help="folder of XML files, instead of VOC")
    add("--images", type=Path, metavar="DIR", help="their images (JPEGImages or images beside it)")
    add("--labels", type=Path, metavar="DIR", help="write labels here (where Darknet looks)")
    add("--list", default="train.txt", metavar="NAME", help="list of images (train.txt)")
    add("--names", default="classes.names", metavar="NAME", help="list of classes (classes.names)")
    add("--classes", type=Path, metavar="FILE", help="the classes to keep, one per line, in order")
    add(
        "--difficult",
        choices=["leave", "keep", "apart"],
        default="leave",
        help="leave difficult objects out, keep them, or write them to label files of their own,"
        " for `difficult=` in a .data file (leave)",
    )
    add("--shift", type=float, default=1, help="move boxes left and up by this many pixels (1)")
    add("--out", type=Path, default=Path(), metavar="DIR", help="write lists here (.)")
    return parser.parse_args()


def main() -> None:
    """Convert VOC, or the folder that --annotations names."""
    options = command_line()
    (convert_folder if options.annotations else convert_voc)(options)


if __name__ == "__main__":
    main()
