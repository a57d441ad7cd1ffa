"""A Darknet binary of any lineage: what it finds in images, read from what it writes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..cfg.lineage import FORK, PJREDDIE
from ..errors import DataError
from .darknet_folder import DATA, LIST, RESULTS
from .darknet_texts import objects_of_json, objects_of_results, scores_of_lines
from .objects import Objects
from .program import Output, Program

LEAST = 0.005  # the fork's JSON and the original's result files leave lower scores out
BATCH = 4  # images that the original's `detector valid` reads at once, and needs
TITLES = {PJREDDIE: "pjreddie's", FORK: "AlexeyAB's"}
HANK_AI = re.compile("^Darknet v", re.IGNORECASE | re.MULTILINE)
SECONDS = re.compile("Predicted in [^ ]+ seconds")
MILLISECONDS = re.compile("Predicted in [^ ]+ milli-seconds")
PREFIX = "r_"  # how the names of the original's result files begin
CUDA = (b"libcudart.so", b"libcublas.so")  # what a program is linked with that uses a GPU


@dataclass(frozen=True)
class Task:
    """What a Darknet binary is asked: a network, the number of its classes, and what counts.

    `words` are flags of its command line that say how images are fitted.
    """

    cfg: Path
    weights: Path
    classes: int
    detector: bool = True
    thresh: float = 0.25
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sized:
    """An image file, with its width and height in pixels."""

    path: Path
    width: int
    height: int


@dataclass
class Darknet:
    """A Darknet binary in a prepared folder, in which it leaves its files.

    `lineage` is whose program it is, known by what it writes about the first image; `title` says it
    in words.
    """

    program: Program
    folder: Path
    task: Task
    lineage: str = ""
    title: str = ""
    results: dict[Path, Objects] = field(default_factory=dict)  # of the original, found at once

    def begin(self, image: Path) -> None:
        """Learn from an image whose program it is; raises DataError if it is no Darknet."""
        if self.task.detector:
            self.test(image)
        else:
            self.scores(image)

    def objects(self, image: Sized) -> Objects:
        """Return what the program finds in an image; raises DataError if it fails."""
        if self.lineage == FORK:
            found = self.test(image.path)
            if found is None:
                raise self.program.error("wrote JSON before, and now none: expected it each time")
            return found
        if image.path not in self.results:
            self.find_at_once([image])
        return self.results[image.path]

    def test(self, image: Path) -> Objects | None:
        """Return what `detector test` finds in an image; None from the original, which says less.

        Darknet: src/detector.c test_detector, src/image.c detection_to_json (AlexeyAB)
        """
        found = self.folder / "found.json"
        found.unlink(missing_ok=True)
        thresh = f"{self.task.thresh:g}"
        flags = ("-thresh", thresh, "-dont_show", "-ext_output", "-out", found.name)
        output = self.command("detector", "test", self.near(image), *flags, *self.task.words)
        text = found.read_text(errors="replace") if found.is_file() else ""
        if text.rstrip().endswith("]"):
            self.learn(FORK, output)
            return self.objects_in(text)
        if output.status or text or not SECONDS.search(output.stdout):
            raise self.failure(output, "detector test")
        self.learn(PJREDDIE, output)
        return None

    def objects_in(self, text: str) -> Objects:
        """Return the objects in the fork's JSON; raises DataError if it cannot be read."""
        try:
            return objects_of_json(text)
        except ValueError as error:
            problem = f"its JSON cannot be read ({error}): expected what AlexeyAB's -out writes"
            raise self.program.error(problem) from None

    def find_at_once(self, images: Sequence[Sized]) -> None:
        """Let the original find the objects of several images in one run, and keep them.

        It writes all digits as `detector valid` alone, which reads four images in any case.

        Darknet: examples/detector.c validate_detector
        """
        names = [self.near(image.path, f"image{index}") for index, image in enumerate(images)]
        padded = names + names[-1:] * (BATCH - len(names))
        (self.folder / LIST).write_text("".join(f"{name}\n" for name in padded))
        for old in (self.folder / RESULTS).iterdir():
            old.unlink()
        output = self.command("detector", "valid", "-out", PREFIX)
        folder, classes = self.folder / RESULTS, range(self.task.classes)
        files = [folder / f"{PREFIX}class{index}.txt" for index in classes]
        if output.status or not all(file.is_file() for file in files):
            raise self.failure(output, "detector valid")
        rows = [file.read_text(errors="replace").splitlines() for file in files]
        for image, name in zip(images, names, strict=True):
            found = objects_of_results(rows, Path(name).stem, image.width, image.height)
            self.results[image.path] = found

    def scores(self, image: Path) -> np.ndarray:
        """Return the scores of classes in an image, [classes]; NaN where none is printed.

        Darknet: examples/classifier.c predict_classifier
        """
        top = str(self.task.classes)
        output = self.command("classifier", "predict", self.near(image), "-t", top)
        both = output.stdout + output.stderr
        lineage = FORK if MILLISECONDS.search(both) else PJREDDIE
        scores = scores_of_lines(output.stdout.splitlines(), self.task.classes, lineage)
        told = MILLISECONDS.search(both) or SECONDS.search(both)
        if output.status or not told or np.isnan(scores).all():
            if is_hank_ais(output):
                raise self.program.error("hank-ai's has no classifiers: expected another lineage's")
            raise self.failure(output, "classifier predict")
        self.learn(lineage, output)
        return scores

    def command(self, verb: str, action: str, *words: str) -> Output:
        """Run a command of the program on the network, and return what it wrote."""
        files = (DATA, str(self.task.cfg), str(self.task.weights))
        return self.program.run([verb, action, *files, *words], self.folder)

    def learn(self, lineage: str, output: Output) -> None:
        """Keep whose program it is."""
        self.lineage = lineage
        self.title = "hank-ai's" if is_hank_ais(output) else TITLES[lineage]

    def near(self, image: Path, name: str = "image") -> str:
        """Copy an image into the folder, where its path is short, and return its name there."""
        file = self.folder / f"{name}{image.suffix.lower()}"
        shutil.copyfile(image, file)
        return file.name

    def failure(self, output: Output, command: str) -> DataError:
        """Make the error of a run that gave nothing."""
        said = f": {output.last_words}" if output.last_words else ", and it printed nothing"
        stopped = is_hank_ais(output) and "config line" in output.last_words
        hint = "pydarknet export cfg writes a cfg that it reads" if stopped else ""
        return self.program.error(f"{command} gave no result: {output.ending}{said}", hint)

    @property
    def on_gpu(self) -> bool:
        """Whether the program is built for a GPU, as far as its file tells."""
        content = self.program.path.read_bytes()
        return any(name in content for name in CUDA)


def is_hank_ais(output: Output) -> bool:
    """Return whether hank-ai's program wrote this: its first line says so."""
    return any(HANK_AI.search(text) for text in (output.stdout, output.stderr))
