"""The log of a training and the names of its files, per lineage."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..cfg.lineage import PerLineage
from ..cfg.numbers import Range
from ..dataset.files import DataFile
from ..errors import DataError, UsageError
from ..layers import detection_heads, type_lines
from ..network import Network
from ..system.console import leave, note, say
from .learner import Step
from .losses import Loss
from .optimizer import images_of_update
from .progress import Progress
from .validation import MapValidation

INTERVAL = Range(least=1)
BELL = "\007"
CLEAR = "\033[H\033[J"


@dataclass
class Reporter:
    """The original's lines and files.

    Darknet: examples/detector.c train_detector
    """

    network: Network
    listed: int  # images in the training list
    saveweights: int = 0
    savelast: int = 0
    hours_left: float = -1.0
    saved: int = 0  # the iteration of the last numbered weights
    progress: Progress | None = None
    lost: set[str] = field(default_factory=set)  # the streams that cannot be written
    validation: MapValidation | None = None
    newest: ClassVar[str] = ".backup"
    finals: ClassVar[tuple[str, ...]] = ("_final.weights",)
    list_name: ClassVar[str] = "data/train.list"  # of images, if `train=` is omitted

    def read(self, data: DataFile, saveweights: int = 0) -> None:
        """Read the options of a .data file about saving; `saveweights` overrides its interval."""
        self.saveweights = saveweights

    def say(self, text: str, *, end: str = "\n", steering: bool = False) -> None:
        """Write a line of the log, above the progress bar if there is one."""
        with self.progress.aside() if self.progress else nullcontext():
            try:
                say(text, end=end, steering=steering)
            except (BrokenPipeError, DataError) as error:
                self.lose("stdout", error)

    def note(self, text: str) -> None:
        """Write a line to stderr, above the progress bar if there is one."""
        with self.progress.aside() if self.progress else nullcontext():
            try:
                note(text)
            except BrokenPipeError as error:
                self.lose("stderr", error)

    def lose(self, name: str, error: Exception) -> None:
        """Continue without a stream that cannot be written; note it on the other, if that is heard.

        A training that no one hears ends as by a signal.
        """
        self.lost.add(name)
        leave(sys.stdout if name == "stdout" else sys.stderr)
        reason = (error.strerror or error) if isinstance(error, OSError) else error
        if not self.unheard:
            self.note(f"the log cannot be written, and the training continues without it: {reason}")

    @property
    def unheard(self) -> bool:
        """Whether neither stream can be written."""
        return len(self.lost) == 2

    def position(self) -> dict[str, float]:
        """Return where the log is: what a resumed training must know to continue it."""
        return {"saved": self.saved, "hours_left": self.hours_left}

    def restore(self, position: Mapping[str, Any]) -> None:
        """Take over the position of a training that was stopped."""
        self.saved, self.hours_left = position["saved"], position["hours_left"]

    def report_start(self, batch: int) -> None:
        """Write the lines before the first iteration; `batch` iterations are done already."""
        self.say(self.network.net.rates())

    @property
    def images(self) -> int:
        """The number of images per iteration."""
        return images_of_update(self.network.net)

    def count_hours(self, step: Step, seconds: float) -> None:
        """Update the estimate of the time left by the seconds of an iteration."""
        processes = step.images // self.images
        batches = (self.network.net.max_batches - step.batch) // processes
        remaining = batches * seconds / 3600
        left = self.hours_left
        self.hours_left = remaining if left < 0 else 0.01 * remaining + 0.99 * left

    def report_size(self, width: int, height: int) -> None:
        """Write the new size of images."""
        self.say(f"Resizing\n{width}")

    def report_loading(self, seconds: float, *, first: bool) -> None:
        """Write how long the batch was waited for."""
        self.say(f"Loaded: {seconds:f} seconds")

    def report_losses(self, losses: Sequence[Loss], boxes: list[int]) -> None:
        """Write the lines of the heads' losses for a mini-batch."""
        for loss in losses:
            text = loss.line()
            if text:
                (self.note if loss.on_stderr else self.say)(text)

    def report_step(self, step: Step, seconds: float, loading: float) -> None:
        """Write the figures of an iteration."""
        self.say(
            f"{step.batch}: {step.loss:f}, {step.average:f} avg, {step.rate:f} rate,"
            f" {seconds:f} seconds, {step.batch * step.images} images"
        )

    def due(self, batch: int) -> list[str]:
        """Return the endings of the weights to save after an iteration, the newest last."""
        usual = batch % 10000 == 0 or (batch < 1000 and batch % 100 == 0)
        numbered = batch % self.saveweights == 0 if self.saveweights else usual
        endings = [f"_{batch}.weights"] if numbered else []
        return [*endings, self.newest] if batch % 100 == 0 else endings

    def report_end(self) -> None:
        """Write the lines after the last iteration."""


class ForkReporter(Reporter):
    """The fork's lines and files.

    Darknet: src/detector.c train_detector (AlexeyAB)
    """

    newest = "_last.weights"
    list_name = "data/train.txt"

    def read(self, data: DataFile, saveweights: int = 0) -> None:
        many = self.network.net.max_batches >= 10000
        usual = data.integer("saveweights", 10000 if many else 1000, INTERVAL)
        self.saveweights = saveweights or usual
        self.savelast = data.integer("savelast", 100, INTERVAL)

    def report_start(self, batch: int) -> None:
        self.saved = self.saved or batch
        if self.images == 1:
            raise UsageError(
                "Error: You set incorrect value batch=1 for Training!"
                " You should set batch=64 subdivision=64"
            )
        if self.images < 8:
            self.say(
                f"\n Warning: You set batch={self.images} lower than 64!"
                " It is recommended to set batch=64 subdivision=64 "
            )
        self.say(
            f"Weights are saved after: {self.saveweights} iterations. Last weights"
            f" (*_last.weight) are stored every {self.savelast} iterations. "
        )
        self.say(self.network.net.rates())
        for line in type_lines(self.network.nodes):
            self.say(line)

    def report_size(self, width: int, height: int) -> None:
        given = max(head.random for head in detection_heads(self.network.layers))
        self.say(
            f"Resizing, random_coef = {1.4 if given == 1 else given:.2f} \n\n {width} x {height} "
        )

    def report_loading(self, seconds: float, *, first: bool) -> None:
        slow = " - performance bottleneck on CPU or Disk HDD/SSD"
        self.say(f"Loaded: {seconds:f} seconds{slow if seconds > 0.1 and not first else ''}")

    def report_losses(self, losses: Sequence[Loss], boxes: list[int]) -> None:
        super().report_losses(losses, boxes)
        if boxes[0]:
            share = 100 * boxes[1] / boxes[0]
            self.note(f" total_bbox = {boxes[0]}, rewritten_bbox = {share:f} % ")

    def report_step(self, step: Step, seconds: float, loading: float) -> None:
        last, left = self.network.net.max_batches, self.hours_left
        found = self.validation if self.validation and self.validation.last > 0 else None
        figures = f" map={found.last:0.2f} best={found.best:0.2f}" if found else ""
        title = f"{step.batch}/{last}: loss={step.loss:0.1f}{figures} hours left={left:0.1f}"
        if self.validation:
            self.say(self.validation.next_text(), end="")
        self.say(f"{CLEAR}{title}{BELL}" if sys.stdout.isatty() else "", end="", steering=True)
        self.say(
            f"\n {step.batch}: {step.loss:f}, {step.average:f} avg loss, {step.rate:f} rate,"
            f" {seconds:f} seconds, {step.batch * step.images} images, {left:f} hours left"
        )
        self.count_hours(step, seconds + loading)

    def due(self, batch: int) -> list[str]:
        endings = []
        if batch >= self.saved + self.saveweights or batch % self.saveweights == 0:
            self.saved = batch
            endings.append(f"_{batch}.weights")
        if self.saveweights > self.savelast and batch % self.savelast == 0 and batch > 1:
            endings.append(self.newest)
        return endings

    def report_end(self) -> None:
        self.say(
            "If you want to train from the beginning, then use flag in the end of training"
            " command: -clear "
        )


REPORTERS: PerLineage[type[Reporter]] = PerLineage(pjreddie=Reporter, alexeyab=ForkReporter)
