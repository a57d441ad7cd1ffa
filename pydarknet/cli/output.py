"""What a command writes about the boxes it finds: lines, images, JSON, label files, a window."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..boxes.draw import check_look, draw
from ..cfg.lineage import PerLineage
from ..dataset.files import label_path
from ..errors import DataError, UsageError
from ..image.files import encode, file_for, write_image
from ..image.window import show
from ..system import files
from ..system.console import note, note_once, say
from ..system.crews import Done, Task
from ..system.inputs import check_output, remember
from ..system.json_array import JsonArray
from ..system.problems import guard
from .detections_text import Found, json_of, labels_of, lines
from .drawn_files import ENDING, DrawnFiles, Listed

if TYPE_CHECKING:
    from ..runtime.any_network import AnyNetwork

ELSEWHERE = "-out_dir FOLDER draws every image into that folder"
NOT_DRAWN = "-no_draw draws nothing: expected"
DRAWN = f"any{ENDING}"  # a file in the folder of -out_dir
OUT_IS_JSON = PerLineage(pjreddie=False, alexeyab=True)  # however the name that `-out` gives ends


@dataclass(frozen=True)
class Drawing:
    """An image with its boxes: its shape, the content of its file, and its pixels for a window."""

    shape: tuple[int, ...]
    content: Task[bytes]
    shown: np.ndarray | None


@dataclass
class Writing:
    """Where the boxes found in images go."""

    network: AnyNetwork
    out: str | None = None
    out_dir: Path | None = None
    positions: bool = False
    labels: bool = False
    window: bool = False
    text: Callable[[AnyNetwork, Found, bool], str] = lines
    file: str = "predictions.jpg"
    draws: bool = True
    colors: str | None = None
    font: str | None = None
    frames: int = 0
    unreadable: int = 0
    boxes: int = 0
    open_files: ExitStack = field(default_factory=ExitStack)
    json: JsonArray | None = None
    drawn: DrawnFiles | None = None
    labelled: dict[str, str] = field(default_factory=dict)  # label file: its image

    def __enter__(self) -> Writing:
        return self

    def __exit__(self, *problem: object) -> None:
        self.open_files.close()

    @property
    def wants_json(self) -> bool:
        """Whether `-out` names a JSON file: by its ending, or always."""
        always = OUT_IS_JSON.of(self.network.dialect)
        return bool(self.out) and (always or str(self.out).endswith(".json"))

    def begin(self, listed: Sequence[Listed]) -> None:
        """Open what is written, and protect the images of a command line and its other files."""
        if self.out and not os.path.basename(self.out):
            raise UsageError(f"-out {self.out}: expected the name of a file, not of a folder")
        if not self.draws:
            self.check_nothing_drawn()
        check_look(self.colors, self.font)
        for image in listed:
            remember(image.path)
        if self.wants_json and self.out:
            self.json = self.open_files.enter_context(JsonArray(self.out, ", \n", "\n]"))
        if self.out_dir:
            make_folder(self.out_dir)
            self.drawn = DrawnFiles(self.out_dir, listed)

    def check_nothing_drawn(self) -> None:
        """Raise UsageError if a flag says where images are drawn, of which none is."""
        if self.out and not self.wants_json:
            raise UsageError(f"{NOT_DRAWN} -out NAME.json, not -out {self.out}")
        if self.out_dir:
            raise UsageError(f"{NOT_DRAWN} no -out_dir {self.out_dir}")

    def replaces(self, later: np.ndarray, earlier: np.ndarray) -> bool:
        """Return whether the drawing of a later image replaces that of an earlier one, unseen."""
        if self.drawn or self.window:
            return False
        one, other = (file_for(image.shape, self.image_path("")) for image in (later, earlier))
        return one == other

    def drawing(self, found: Found, pixels: np.ndarray | None) -> Drawing | None:
        """Return an image with its boxes, as a file has it; this may be done by any thread.

        Where nothing is drawn, or the image is none, it is None.
        """
        if not self.draws or pixels is None:
            return None
        boxes, dialect = found.boxes, self.network.dialect.name
        chosen = boxes.kept(), boxes.names, found.thresh, dialect
        drawn = draw(pixels, *chosen, colors=self.colors, font=self.font)
        file = file_for(drawn.shape, DRAWN if self.drawn else self.image_path(found.path))
        return Drawing(
            shape=drawn.shape,
            content=Done(partial(encode, drawn, file)),
            shown=drawn if self.window else None,
        )

    def write(self, found: Found, drawing: Task[Drawing | None]) -> None:
        """Print, save and show what was found in one image; if one fails, do the others.

        One that cannot be read is a frame of the JSON without objects, as in the fork.

        Darknet: src/detector.c test_detector (AlexeyAB)
        """
        if not found.readable:
            self.unreadable += 1
            self.write_json(found)
            return
        self.frames += 1
        self.boxes += len(found.boxes.kept())
        say(self.text(self.network, found, self.positions))
        with guard(found.path):
            self.write_image(found.path, drawing.result())
        self.write_json(found)
        if self.labels:
            with guard(found.path):
                self.save_labels(found)

    def write_json(self, found: Found) -> None:
        """Add an image to the JSON, if that is written."""
        if self.json:
            with guard(self.json.path):
                self.json.add(json_of(found, self.frames + self.unreadable))

    def write_image(self, path: str, drawing: Drawing | None) -> None:
        """Save and show the boxes of the image that was at a path, if they are drawn."""
        if drawing is None:
            return
        file = self.image_path(path)
        with guard(str(file)):
            self.save(drawing, file)
        if drawing.shown is not None:
            show(drawing.shown, "predictions")

    def save(self, drawing: Drawing, path: Path) -> None:
        """Save a drawn image, unless that would overwrite a file that is read."""
        file = file_for(drawing.shape, path)
        check_output(file, "" if self.drawn else ELSEWHERE)
        if self.drawn:
            files.make_folder(path.parent, named=True)
        write_image(drawing.content.result(), file, path)

    def save_labels(self, found: Found) -> None:
        """Save the labels of an image, unless another image of this run has that label file."""
        file = label_path(found.path)
        first = self.labelled.setdefault(os.path.realpath(file), found.path)
        if first != found.path:
            raise DataError(f"{file} has the labels of {first}", where=found.path)
        save_labels(file, labels_of(found))

    def image_path(self, path: str) -> Path:
        """Return where the drawn image is saved."""
        if self.drawn:
            return self.drawn.path(path)
        return Path(f"{self.out}.jpg" if self.out and not self.wants_json else self.file)

    def summary(self, failed: Mapping[str, int]) -> str:
        """Return the line that ends a list: what was found, what failed, where the output is."""
        counts = [f"{self.frames} images", f"{self.boxes} boxes"]
        counts += [f"{count} {how}" for how, count in failed.items()]
        places = [self.drawn_place(), *([f"JSON in {self.out}"] if self.json else [])]
        places += ["labels beside the images"] if self.labels else []
        return f"{', '.join(counts)}; {', '.join(places)}"

    def drawn_place(self) -> str:
        """Return the words that say where images are drawn."""
        if not self.draws:
            return "nothing is drawn"
        return (
            f"drawn in {self.out_dir}"
            if self.out_dir
            else f"the last is drawn in {self.image_path('')}"
        )


def make_folder(folder: Path) -> None:
    """Make a folder for drawn images; raise UsageError if that is impossible."""
    try:
        files.make_folder(folder)
    except OSError as error:
        raise UsageError(f"-out_dir {folder}: {error.strerror}") from None


def save_labels(file: str, text: str) -> None:
    """Write a label file, as the fork over one that is there, which is told once.

    Darknet: src/detector.c test_detector (AlexeyAB)
    """
    check_output(file)
    if os.path.exists(file):
        note_once("-save_labels: label files that are there are written over")
    try:
        files.write_file(file, text.encode())
    except OSError as error:
        raise DataError(f"Couldn't open file: {file} ({error.strerror})") from None


def check_names(network: AnyNetwork, named: str, cfg: Path) -> None:
    """Warn if there are not as many names as classes, as the fork does.

    Darknet: src/detector.c test_detector (AlexeyAB)
    """
    found = network.traits.classes
    if not found:
        raise network.traits.error(
            "the network has no detection head: expected a detector",
            hint="a classifier is used by: pydarknet classifier predict",
        )
    count, classes = len(network.names or ()), found[0]
    if classes != count:
        note(
            f"Error: in the file {named} number of names {count} that isn't equal to"
            f" classes={classes} in the file {cfg}"
        )
