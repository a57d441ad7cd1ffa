"""The result files of `detector valid`, for the programs of VOC, COCO and others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import IO, ClassVar

import numpy as np

from ..errors import DataError
from ..system.console import note, say
from ..system.files import (
    check_writable,
    make_folder,
    remove_partial_files,
    replace_file,
    write_errors,
)
from ..system.inputs import check_output
from ..system.json_array import JsonArray
from ..system.text import count_of, excerpt, json_text
from .dataset_detections import ImageDetections
from .file_words import file_words
from .image_names import base_name, coco_id

COCO_IDS = tuple(i for i in range(1, 91) if i not in (12, 26, 29, 30, 45, 66, 68, 69, 71, 83))
KITTI = ("car", "pedestrian", "cyclist")
BDD = (
    *("bike", "bus", "car", "motor", "person"),
    *("rider", "traffic light", "traffic sign", "train", "truck"),
)
Row = tuple[int, float, float, float, float, float]  # class, score, left, top, right, bottom


class Results:
    """A writer of result files in a folder, which is made if it is missing.

    Files of text have their names once all is in them: what fails or is interrupted leaves those
    that were there. `categories` is the number of classes in the format, `least` the index of its
    first pixel.
    `id_after` is the text before the number in an image's path. Boxes are in pixels.
    """

    default: ClassVar[str]
    categories: ClassVar[int] = 0
    least: ClassVar[int] = 0

    def __init__(
        self,
        folder: Path,
        name: str | None,
        names: tuple[str, ...],
        id_after: str = "/",
    ) -> None:
        self.folder, self.name, self.names = folder, name or self.default, names
        self.id_after = id_after
        self.files = ExitStack()
        if self.categories and len(names) > self.categories:
            raise DataError(
                f"the network has {count_of(len(names), 'class', 'classes')}:"
                f" expected at most {self.categories}, which eval={type(self).__name__.lower()} has"
            )

    def __enter__(self) -> Results:
        remove_partial_files(self.folder, re.compile(re.escape(self.name) + ".*", re.DOTALL))
        self.begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with write_errors(self.folder):
            self.files.__exit__(kind, error, trace)

    def write(self, seen: ImageDetections) -> None:
        """Write the detections of an image; raise DataError if that is impossible."""
        with write_errors(self.folder):
            self.add(seen)

    def begin(self) -> None:
        """Open the files, or see that they can be: before the images are looked at, not after."""

    def add(self, seen: ImageDetections) -> None:
        """Write the detections of an image."""
        raise NotImplementedError

    def open(self, path: Path) -> IO[str]:
        """Make the folder of a file and open it; `files` gives it its name at the end."""
        check_output(path)
        with write_errors(path):
            make_folder(path.parent, named=True)
            binary = self.files.enter_context(replace_file(path))
        file = TextIOWrapper(binary, "utf-8", "surrogateescape", "\n")
        self.files.callback(file.detach)  # which writes what is left
        return file

    def rows(self, seen: ImageDetections) -> Iterator[Row]:
        """Yield a row for each class of each box, box by box.

        Edges are rounded to float32 before they are clamped: left and top to the first pixel, right
        and bottom to the size.

        Darknet: examples/detector.c print_detector_detections
        """
        center, half = np.split(seen.boxes.boxes.double().numpy(), [2], 1)
        half = half / 2
        shift = self.least
        first = (center - half + shift).astype(np.float32)
        last = (center + half + shift).astype(np.float32)
        first = np.where(first < self.least, np.float32(self.least), first)
        size = np.array([seen.width, seen.height], np.float32)
        edges = np.concatenate([first, np.where(last > size, size, last)], 1).tolist()
        scores = seen.boxes.probabilities.numpy()
        boxes, classes = scores.nonzero()
        found = scores[boxes, classes]
        for box, index, score in zip(boxes.tolist(), classes.tolist(), found.tolist(), strict=True):
            left, top, right, bottom = edges[box]
            yield index, score, left, top, right, bottom


class Voc(Results):
    """A file per class: image, score and edges; the first pixel is 1.

    Darknet: examples/detector.c print_detector_detections
    Quirk: NAMES_OF_RESULT_FILES
    """

    default = "comp4_det_test_"
    least = 1

    def begin(self) -> None:
        words = file_words(self.names)
        files = {word: self.open(self.folder / f"{self.name}{word}.txt") for word in words}
        self.lists = [files[word] for word in words]
        changed = [pair for pair in zip(self.names, words, strict=True) if pair[0] != pair[1]]
        if changed:
            name, word = map(excerpt, changed[0])
            note(f"class {name}: its results are in {self.name}{word}.txt")

    def add(self, seen: ImageDetections) -> None:
        image = base_name(seen.path)
        written: list[float] = []
        box = ""
        for index, score, *edges in self.rows(seen):
            if edges != written:  # a box has many classes
                written, box = edges, "{:f} {:f} {:f} {:f}".format(*edges)
            self.lists[index].write(f"{image} {score:f} {box}\n")


class VocFromZero(Voc):
    """The same for YOLOv1's program: the first pixel is 0.

    Darknet: examples/yolo.c print_yolo_detections
    """

    least = 0


class Imagenet(Results):
    """One file: numbers of image and class, both from 1, score and edges.

    Darknet: examples/detector.c print_imagenet_detections
    """

    default = "imagenet-detection"
    categories = 200

    def begin(self) -> None:
        self.list = self.open(self.folder / f"{self.name}.txt")

    def add(self, seen: ImageDetections) -> None:
        for index, *numbers in self.rows(seen):
            place = f"{seen.index + 1} {index + 1}"
            self.list.write("{} {:f} {:f} {:f} {:f} {:f}\n".format(place, *numbers))


class Kitti(Results):
    """A file per image, in the folder `data`: name of the class, edges and score.

    Darknet: src/detector.c print_kitti_detections (AlexeyAB)
    """

    default = "kitti_results"
    categories = len(KITTI)

    def begin(self) -> None:
        say(self.name)
        with write_errors(self.place):
            make_folder(self.place)
            check_writable(self.place / "image.txt")

    @property
    def place(self) -> Path:
        """The folder of the files."""
        return self.folder / self.name / "data"

    def add(self, seen: ImageDetections) -> None:
        file = self.open(self.place / f"{base_name(seen.path)}.txt")
        for index, score, *edges in self.rows(seen):
            box = " ".join(f"{edge:f}" for edge in edges)
            rest = "-1 -1 -1 -1000 -1000 -1000 -10"
            file.write(f"{KITTI[index]} -1 -1 -10 {box} {rest} {score:f}\n")
        self.files.close()


class Objects(Results):
    """One JSON file: a list with an object per box and class; it can be parsed at any time."""

    def begin(self) -> None:
        path = self.folder / f"{self.name}.json"
        with write_errors(path):
            make_folder(path.parent, named=True)
        self.list = self.files.enter_context(JsonArray(path, ",\n", "\n]\n"))

    def add(self, seen: ImageDetections) -> None:
        objects = list(self.objects(seen))
        if objects:
            self.list.add(",\n".join(objects))

    def objects(self, seen: ImageDetections) -> Iterator[str]:
        """Yield an object for each class of each box."""
        raise NotImplementedError


class Coco(Objects):
    """Objects with the number of the image, COCO's category, left, top, width, height and score.

    Warns once if images have the same number, which makes them indistinguishable.

    Darknet: examples/detector.c print_cocos
    """

    default = "coco_results"
    categories = len(COCO_IDS)

    def begin(self) -> None:
        super().begin()
        self.numbers: dict[int, str] = {}
        self.warned = False

    def objects(self, seen: ImageDetections) -> Iterator[str]:
        image = coco_id(seen.path, self.id_after)
        other = self.numbers.setdefault(image, seen.path)
        if other != seen.path and not self.warned:
            note(f"{other} and {seen.path} are both image {image} in {self.name}.json")
            self.warned = True
        for index, score, left, top, right, bottom in self.rows(seen):
            width, height = (float(np.float32(n)) for n in (right - left, bottom - top))
            yield (
                f'{{"image_id":{image}, "category_id":{COCO_IDS[index]},'
                f' "bbox":[{left:f}, {top:f}, {width:f}, {height:f}], "score":{score:f}}}'
            )


class Bdd(Objects):
    """Objects with the name of the image, BDD's category, edges and score.

    Darknet: src/detector.c print_bdd_detections (AlexeyAB)
    Quirk: JSON_ESCAPES
    """

    default = "bdd_results"
    categories = len(BDD)

    def objects(self, seen: ImageDetections) -> Iterator[str]:
        name = json_text(Path(seen.path).name.replace(".jpg", ""))
        for index, score, *edges in self.rows(seen):
            box = ", ".join(f"{edge:f}" for edge in edges)
            yield (
                f'\t{{\n\t\t"name":{name},\n\t\t"category":"{BDD[index]}",\n'
                f'\t\t"bbox":[{box}],\n\t\t"score":{score:f}\n\t}}'
            )


FORMATS: dict[str, type[Results]] = {
    "voc": Voc,
    "coco": Coco,
    "imagenet": Imagenet,
    "bdd": Bdd,
    "kitti": Kitti,
}
