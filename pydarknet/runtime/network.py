"""A network that a file computes, by onnxruntime or OpenCV: it finds boxes and classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from ..boxes.box_arrays import BoxArrays
from ..boxes.rule import USUAL, SuppressionRule
from ..boxes.settings import Limits, Settings
from ..boxes.suppression import suppress_each
from ..cfg.class_tree import Tree
from ..cfg.dialect import DIALECTS
from ..errors import DataError, MissingAttribute, UsageError
from ..image.fit import classifier_input, network_inputs
from ..system.crews import Crew
from ..system.malloc import keep_freed_memory
from ..system.text import count_of
from .about import EXPECTED, About
from .any_network import Image
from .choose import TableChoice, table_choices
from .classes import products, tree_of
from .detector import ImageDetector
from .exported import Exported
from .layouts import READERS, SUPPRESSED, read_boxes
from .tiled import find_in_tiles
from .traits import Traits

VALUES = "values"  # the layout of classifiers
AT_ONCE = 4  # images that are held at once; the file takes as many as it takes


class RuntimeNetwork(ImageDetector[BoxArrays]):
    """An exported or compiled network, run without torch; its boxes are numpy's arrays.

    It has the thresholds, the names and the traits of its file, unless others are given. It can be
    called by threads at the same time.
    """

    def __init__(self, file: Exported, traits: Traits | None = None) -> None:
        about = file.about
        self.file, self.about = file, about
        self.traits = traits or traits_of(about, file.path)
        self.dialect = DIALECTS.of(about.dialect)
        self.names: tuple[str, ...] | None = tuple(about.names) or None
        self.exif = about.exif
        self.limits = Limits(thresh=about.thresh, nms=about.overlap)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            """Raise MissingAttribute for what only a network of torch has, such as `trace`."""
            if name.startswith("_") or "file" not in self.__dict__:
                raise AttributeError(name)
            problem = f"a network that runs without torch has no {name}: expected a cfg and weights"
            raise MissingAttribute(f"{problem}, without backend=runtime", where=self.file.path)

    def __repr__(self) -> str:
        size = " x ".join(map(str, self.about.input))
        return f"RuntimeNetwork({self.file.path}: input {size}, {self.dialect.name}, {self.runs})"

    @property
    def runs(self) -> str:
        """The name of the program that runs it."""
        return self.file.engine.name

    @property
    def letter_box(self) -> bool:
        """Whether the file was made for images in a letterbox."""
        return self.about.letterbox

    @property
    def sides(self) -> tuple[int, int]:
        """The width and height of its input."""
        return self.about.size

    @property
    def image_channels(self) -> int:
        """With how many channels image files are read: RGB if the input is no image."""
        return self.about.input[0] if len(self.about.input) == 3 else 3

    def crews(self, images: int) -> Sequence[Crew]:
        """Return no crew: the engine uses all cores, and lets no other thread in."""
        return ()

    @cached_property
    def tree(self) -> Tree | None:
        """The tree of the classes of a classifier, if there is one."""
        return None if self.traits.classes else tree_of(self.about.trees, self.file.path)

    @cached_property
    def choices(self) -> list[TableChoice]:
        """What decides which boxes of each table of the file are given."""
        return table_choices(self.about, self.file.path)

    def table(self) -> str:
        """Return the layer table, as the C program prints it on loading."""
        return self.traits.table

    def images_at_once(self) -> int:
        """Return how many images are held at once."""
        return AT_ONCE

    tiles_at_once = images_at_once

    @property
    def keeps_state(self) -> bool:
        """Whether its answer depends on the images before."""
        return bool(self.about.states)

    @property
    def suppression(self) -> SuppressionRule:
        """The rule of its suppression."""
        words = asdict(USUAL)
        return SuppressionRule(**{name: self.about.nms.get(name, words[name]) for name in words})

    def get_ready(self, *, many: bool) -> None:
        """For `many` images, keep the memory that is freed: they are fitted in half the time so.

        The file itself is loaded.
        """
        if many:
            keep_freed_memory()

    def find_boxes(
        self, images: Sequence[Image], chosen: Settings, *, many: bool = False
    ) -> list[BoxArrays]:
        """Return the boxes of each image, after suppression, in the order the C leaves them.

        Raises UsageError for a file whose layout has no boxes.
        """
        if chosen.tiling:
            return find_in_tiles(self, images, chosen, chosen.tiling, many=many)
        about, (width, height) = self.about, self.sides
        if about.layout not in READERS:
            self.refuse_boxes()
        sides = about.input[0], width, height
        fitted = network_inputs(images, *sides, letterboxed=chosen.letterbox)
        found = [
            self.boxes_in_image(tables, image, chosen)
            for tables, image in zip(self.box_tables(fitted), images, strict=True)
        ]
        if not chosen.nms or about.layout in SUPPRESSED:
            return found
        return suppress_each(found, chosen.nms, self.suppression, stay=chosen.stay)

    def box_tables(self, inputs: np.ndarray) -> list[tuple[BoxArrays, ...]]:
        """Return per image of float32 [N, C, H, W] all that the heads compute: a table of each.

        Raises UsageError for a file whose layout has no boxes.
        """
        about = self.about
        if about.layout not in READERS:
            self.refuse_boxes()
        outputs = self.file.run(inputs)
        apart = [[one] for one in outputs] if about.whole else [outputs]
        tables = [
            read_boxes(about.layout, some, about.size, about.classes, len(inputs)) for some in apart
        ]
        return list(zip(*tables, strict=True))

    def boxes_in_image(
        self, tables: Sequence[BoxArrays], image: Image, chosen: Settings
    ) -> BoxArrays:
        """Return the boxes that the heads' tables give, in 0..1 of the image, if the C does."""
        height, width = image.shape[:2]
        found = []
        for table, choice in zip(tables, self.choices, strict=True):
            boxes = choice.choose(table, chosen.decoding)
            letterbox = chosen.letterbox and choice.corrects_letterbox
            found.append(boxes.fit_to_image(width, height, *self.sides, letterbox=letterbox))
        return replace(BoxArrays.cat(found), names=self.names)

    def refuse_boxes(self) -> NoReturn:
        """Raise the error for a file without boxes: of a classifier, or of another layout."""
        if not self.traits.classes:
            raise self.traits.error("the network has no detection head: expected a detector")
        problem = f"layout {self.about.layout} needs torch to give boxes"
        raise UsageError(f"{problem}: expected one of {', '.join(READERS)}", where=self.file.path)

    def class_scores(self, images: Sequence[Image]) -> np.ndarray:
        """Return each image's scores [N, classes], multiplied down the tree, if there is one.

        Raises UsageError for a file of another layout than that of classifiers.
        """
        about, (width, height) = self.about, self.sides
        if about.layout != VALUES or len(about.input) != 3:
            problem = f"layout {about.layout} with {count_of(len(about.input), 'size')}"
            raise UsageError(f"{problem}: expected a classifier", where=self.file.path)
        cropped = self.dialect.cropped
        fitted = [
            classifier_input(image, about.input[0], width, height, cropped=cropped)
            for image in images
        ]
        scores = self.file.run(np.stack(fitted))[0].reshape(len(images), -1)
        return products(scores, self.tree) if self.tree else scores


def traits_of(about: About, path: Path) -> Traits:
    """Return what a file says of its network. Raises DataError for one of an earlier version."""
    try:
        traits = Traits.read(about.traits)
    except (KeyError, TypeError, ValueError):
        problem = f"its traits are incomplete: expected {EXPECTED} of this version"
        raise DataError(problem, where=path, hint="export it again") from None
    return replace(traits, place=(str(path), *traits.place[1:]))
