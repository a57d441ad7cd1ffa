"""A data set, read once: its lists, image files and labels, and the cfg that it is to train."""

from __future__ import annotations

import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..cfg.lineage import FORK
from ..dataset.files import DataFile, label_file, read_labelled
from ..dataset.labels import LabelRules
from ..errors import DarknetError
from ..evaluate.anchors import cut_sizes
from .label_lines import Line, lines_of
from .picture import Picture, picture_of
from .plan import Plan

TRAIN, VALID = "train", "valid"
Watch = Callable[[Sequence[str]], Iterable[str]]


@dataclass
class Listing:
    """A list of images: its file, its paths as they are listed, and why it cannot be read."""

    file: str
    paths: list[str] = field(default_factory=list)
    problem: str = ""


@dataclass
class Survey:
    """What is known of a data set; images are numbered as they are first listed.

    `labels` are the label files of images, "" where there is none. Boxes are kept as numbers, since
    there may be millions: five in `numbers`, their image and their line in `origins`. `left_out`
    are the lines that are no boxes. `cfg_error` says why the cfg is none.
    """

    data: DataFile
    rules: LabelRules
    lists: dict[str, Listing]
    plan: Plan | None = None
    exif: bool = True
    images: list[str] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    numbers: array[float] = field(default_factory=lambda: array("d"))
    origins: array[int] = field(default_factory=lambda: array("l"))
    left_out: list[Line] = field(default_factory=list)
    cfg_error: DarknetError | None = None
    whole: bool = True  # whether all images were looked at

    def read(
        self, watch: Watch | None = None, *, decode: bool = False, seconds: float = float("inf")
    ) -> Survey:
        """Look at each image and its labels, as many as are possible in so many seconds."""
        paths = list(dict.fromkeys(path for one in self.lists.values() for path in one.paths))
        end = time.monotonic() + seconds
        for path in watch(paths) if watch else paths:
            if time.monotonic() > end:
                self.whole = False
                break
            self.add(path, decode)
        return self

    def add(self, path: str, decode: bool) -> None:
        """Look at an image and its labels."""
        label = label_file(path, self.rules.lineage) or ""
        self.images.append(path)
        self.pictures.append(picture_of(path, self.exif, decode))
        self.labels.append(label)
        for line in lines_of(label, self.rules) if label else ():
            if line.fault:
                self.left_out.append(line)
            else:
                self.numbers.extend(line.row)
                self.origins.extend((len(self.images) - 1, line.number))

    def members(self, name: str) -> np.ndarray:
        """Return which images are in a list, bool [images]."""
        paths = set(self.lists[name].paths) if name in self.lists else set()
        return np.array([path in paths for path in self.images], bool)

    @cached_property
    def rows(self) -> np.ndarray:
        """Class, x, y, width and height of each box, float64 [B, 5]."""
        return np.array(self.numbers, np.float64).reshape(-1, 5)

    @cached_property
    def box_owners(self) -> np.ndarray:
        """The image of each box, int64 [B]."""
        return np.array(self.origins, np.int64).reshape(-1, 2)[:, 0]

    @property
    def count(self) -> int:
        """How many lines all label files have."""
        return len(self.rows) + len(self.left_out)

    @cached_property
    def counts(self) -> np.ndarray:
        """How many boxes each image has, int64 [images]."""
        return np.bincount(self.box_owners, minlength=len(self.images))

    @cached_property
    def box_sizes(self) -> np.ndarray:
        """Width and height of each box in pixels of the network's input, float64 [B, 2].

        Without a cfg they are shares of the image.
        """
        sizes = cut_sizes(self.rows[:, 1:])
        if self.plan is None:
            return sizes
        sides = np.array([one.size for one in self.pictures], np.float64).reshape(-1, 2)
        return sizes * self.plan.sides_of_images(sides)[self.box_owners]

    def places(self, boxes: np.ndarray) -> list[str]:
        """Return where boxes are: of a mask [B], the lines."""
        chosen = np.array(self.origins, np.int64).reshape(-1, 2)[boxes].tolist()
        return [f"{self.labels[image]}:{line}" for image, line in chosen]

    def faults(self, *kinds: str) -> list[Line]:
        """Return the lines with faults of some kinds."""
        return [line for line in self.left_out if line.fault in kinds]

    def class_counts(self, name: str) -> np.ndarray:
        """Return how many boxes of each class the images of a list have, int64 [classes]."""
        chosen = self.rows[self.members(name)[self.box_owners], 0].astype(np.int64)
        return np.bincount(chosen, minlength=self.rules.classes)

    def groups(self, keys: Iterable[object]) -> Iterator[list[int]]:
        """Yield the images that share a key with another; None is no key."""
        listed = list(keys)
        common = {key for key, count in Counter(listed).items() if count > 1 and key}
        found: dict[object, list[int]] = {}
        for index, key in enumerate(listed):
            if key in common:
                found.setdefault(key, []).append(index)
        yield from found.values()


def listing_of(data: DataFile, name: str, default: str = "") -> Listing | None:
    """Return a list that a .data file names, else one at the default; None without either."""
    file = data.find_file(name) or default
    if not file:
        return None
    try:
        return Listing(file, read_labelled(file))
    except DarknetError as error:
        return Listing(file, problem=error.problem)


def survey_of(data: DataFile, plan: Plan | None, classes: int, *, exif: bool = True) -> Survey:
    """Return the survey of a data set, which has read nothing but its lists."""
    rules = LabelRules(
        plan.lineage if plan else FORK, classes, plan is not None and plan.unplaced, data.polygons
    )
    found = {
        TRAIN: listing_of(data, TRAIN, "data/train.list"),
        VALID: listing_of(data, VALID),
    }
    lists = {name: one for name, one in found.items() if one}
    return Survey(data, rules, lists, plan, exif)
