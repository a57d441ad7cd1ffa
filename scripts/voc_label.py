#!/usr/bin/env python3
"""Turn the XML annotations of PASCAL VOC, or any folder of their kind, into Darknet's labels.

Without --annotations: reads VOCdevkit below the current folder, writes VOCdevkit/VOC*/labels, and
here the lists 2007_train.txt, 2007_val.txt, 2007_test.txt, 2012_train.txt, 2012_val.txt, train.txt
(all but the test set) and train.all.txt. Objects that are difficult, or of other classes, are left
out, and boxes are moved by a pixel, as the original's script does.

With --annotations: reads every XML file of a folder, and writes labels where Darknet looks for
them, a list of the images, and the classes it met.
"""

from __future__ import annotations

import argparse
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from labels import PICTURES, ROOT, label_line, read_list, stop, write_label, write_list

SETS = ("2007_train", "2007_val", "2007_test", "2012_train", "2012_val")
TEST = "2007_test"
VOC_NAMES = ROOT / "data" / "voc.names"


class Thing(NamedTuple):
    """One object of an annotation; its box is left, top, right, bottom in pixels."""

    name: str
    difficult: bool
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Annotation:
    """What an XML file says of an image."""

    file: Path
    image: str  # its file name
    width: int
    height: int
    things: tuple[Thing, ...]

    @classmethod
    def read(cls, file: Path) -> Annotation:
        """Read an XML file, or end the program with what is wrong with it."""
        try:
            root = ElementTree.parse(file).getroot()
            size = [int(float(root.findtext(f"size/{side}", "0"))) for side in ("width", "height")]
            things = tuple(thing_of(node) for node in root.iter("object"))
        except (OSError, ElementTree.ParseError, TypeError, ValueError) as error:
            stop(f"{file}: {error}")
        return cls(file, Path(root.findtext("filename") or "").name, *size, things)


def thing_of(node: ElementTree.Element) -> Thing:
    """Return the object of an <object> element."""
    sides = ("xmin", "ymin", "xmax", "ymax")
    left, top, right, bottom = (float(node.findtext(f"bndbox/{side}", "")) for side in sides)
    difficult = int(node.findtext("difficult") or 0) == 1
    return Thing((node.findtext("name") or "").strip(), difficult, (left, top, right, bottom))


@dataclass
class Labels:
    """Makes lines of annotations, and counts what it leaves out."""

    classes: list[str]
    keep_difficult: bool = False
    shift: float = 1.0
    count: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def lines(self, annotation: Annotation, *, difficult_only: bool = False) -> Iterator[str]:
        """Yield the lines of an annotation's label file."""
        for thing in annotation.things:
            reason = self.reason(thing, difficult_only)
            if reason:
                self.left_out[reason] += 1
                continue
            self.count += 1
            yield label_line(self.classes.index(thing.name), *self.box(annotation, thing))

    def reason(self, thing: Thing, difficult_only: bool) -> str:
        """Say why an object is left out, or nothing."""
        left, top, right, bottom = thing.box
        if thing.name not in self.classes:
            return f"of class {thing.name}"
        if thing.difficult != difficult_only and not (thing.difficult and self.keep_difficult):
            return "difficult" if thing.difficult else "not difficult"
        return "" if right > left and bottom > top else "without an area"

    def box(self, annotation: Annotation, thing: Thing) -> tuple[float, float, float, float]:
        """Return the box as centre and size in 0..1; VOC counts pixels from 1, hence the shift."""
        left, top, right, bottom = thing.box
        across, down = 1 / annotation.width, 1 / annotation.height
        x, y = (left + right) / 2 - self.shift, (top + bottom) / 2 - self.shift
        return x * across, y * down, (right - left) * across, (bottom - top) * down

    def tell(self, name: str, images: int) -> None:
        """Say what became of a set."""
        gone = ", ".join(f"{n} {reason}" for reason, n in sorted(self.left_out.items()))
        print(f"{name}: {images} images, {self.count} objects; left out: {gone or 'none'}")


def voc(options: argparse.Namespace) -> None:
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
    images = [folder / "JPEGImages" / f"{line.split()[0]}.jpg" for line in read_list(members)]
    labels = Labels(classes, options.difficult == "keep", options.shift)
    hard = Labels(classes, shift=options.shift)
    for image in images:
        annotation = Annotation.read(folder / "Annotations" / f"{image.stem}.xml")
        check_size(annotation)
        write_label(image, labels.lines(annotation))
        if options.difficult == "apart":
            write_label(apart(image), hard.lines(annotation, difficult_only=True))
    if options.difficult == "apart":
        write_list(options.out / f"difficult_{name}.txt", [apart(image) for image in images])
    labels.tell(name, len(images))
    return images


def apart(image: Path) -> Path:
    """Return the name under which the fork looks for an image's difficult objects."""
    return image.with_name(f"difficult_{image.name}")


def folder(options: argparse.Namespace) -> None:
    """Write the labels of every XML file of a folder, a list of their images, and the classes."""
    files = sorted(options.annotations.glob("*.xml"))
    if not files:
        stop(f"{options.annotations}: expected .xml files")
    annotations = [Annotation.read(file) for file in files]
    found = sorted({thing.name for annotation in annotations for thing in annotation.things})
    classes = read_list(options.classes) if options.classes else found
    labels = Labels(classes, options.difficult == "keep", options.shift)
    images = [image_of(annotation, options) for annotation in annotations]
    for image, annotation in zip(images, annotations, strict=True):
        write_label(image, labels.lines(with_size(annotation, image)), options.labels)
    labels.tell(str(options.annotations), len(images))
    write_list(options.out / options.list, images)
    if not options.classes:
        write_list(options.out / options.names, found)


def image_of(annotation: Annotation, options: argparse.Namespace) -> Path:
    """Return the image of an annotation: of its name, or of the name that it says."""
    home = options.images or beside(options.annotations)
    stem = annotation.file.stem
    names = [f"{stem}{ending}" for ending in PICTURES] + [annotation.image]
    image = next((home / name for name in names if name and (home / name).is_file()), None)
    return image or stop(f"{annotation.file}: has no image in {home}: expected {stem}.jpg")


def beside(annotations: Path) -> Path:
    """Return the folder of the images that belong to a folder of annotations."""
    for name in ("JPEGImages", "images"):
        if (annotations.parent / name).is_dir():
            return annotations.parent / name
    return annotations


def with_size(annotation: Annotation, image: Path) -> Annotation:
    """Return an annotation with its image's size, read from the image where it is not said."""
    if annotation.width and annotation.height:
        return annotation
    import cv2

    pixels = cv2.imread(str(image))
    if pixels is None:
        stop(f"{image}: is no picture, and {annotation.file} does not say its size")
    height, width = pixels.shape[:2]
    return Annotation(annotation.file, annotation.image, width, height, annotation.things)


def check_size(annotation: Annotation) -> None:
    """Refuse an annotation without the image's size."""
    if not annotation.width or not annotation.height:
        stop(f"{annotation.file}: expected the image's size")


def parsed() -> argparse.Namespace:
    """Return what the command line says."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    add = parser.add_argument
    add("--root", type=Path, default=Path("VOCdevkit"), help="where VOC2007 and VOC2012 are")
    add("--sets", nargs="+", metavar="YEAR_SET", help="the sets to do, such as 2007_train")
    add("--annotations", type=Path, metavar="DIR", help="a folder of XML files, instead of VOC")
    add("--images", type=Path, metavar="DIR", help="their images (JPEGImages or images beside it)")
    add("--labels", type=Path, metavar="DIR", help="where to write labels (where Darknet looks)")
    add("--list", default="train.txt", metavar="NAME", help="the list of images (train.txt)")
    add("--names", default="classes.names", metavar="NAME", help="the classes (classes.names)")
    add("--classes", type=Path, metavar="FILE", help="the classes to keep, one a line, in order")
    add(
        "--difficult",
        choices=["leave", "keep", "apart"],
        default="leave",
        help="leave difficult objects out, keep them, or write labels of their own, for the line"
        " `difficult=` of a .data file (leave)",
    )
    add("--shift", type=float, default=1, help="pixels that boxes are moved left and up (1)")
    add("--out", type=Path, default=Path(), metavar="DIR", help="where to write lists (here)")
    return parser.parse_args()


def main() -> None:
    """Do what the command line says."""
    options = parsed()
    (folder if options.annotations else voc)(options)


if __name__ == "__main__":
    main()
