"""A training from its first iteration to its last: batches in, weights and a log out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..dataset.input_size import Sizes
from ..dataset.loader import Batch, Batches
from ..dataset.sample import Samples
from ..errors import DataError
from ..network import Network
from ..system.console import note
from ..system.malloc import keep_freed_memory
from .checkpoints import Files
from .learner import Learner, Step
from .loss_chart import Chart
from .memory_check import try_largest
from .progress import Progress
from .reporter import Reporter
from .signals import stopping
from .validation import Mapping


@dataclass(frozen=True)
class Report:
    """What a callback gets of an iteration; `seconds` are of training, `loading` of waiting."""

    step: Step
    seconds: float
    loading: float
    width: int
    height: int
    learner: Learner


Callback = Callable[[Report], None]
ENDLESS = 2**31 - 1  # batches: what max_batches=0 is for a classifier


@dataclass
class Trainer:
    """Everything that one training is made of.

    Darknet: examples/detector.c train_detector
    """

    learner: Learner
    samples: Samples
    size: Sizes  # width and height of each iteration's images
    files: Files
    reporter: Reporter
    run: dict[str, str]  # the hashes that say what is trained
    workers: int | None = None
    callbacks: list[Callback] = field(default_factory=list)
    progress: Progress | None = None
    chart: Chart | None = None
    mapping: Mapping | None = None
    told: set[str] = field(default_factory=set)
    newest: Path | None = None  # the last good weights

    @property
    def network(self) -> Network:
        """The network that is trained."""
        return self.learner.network

    def train(self) -> bool:
        """Train to `max_batches`; return whether that was reached, or a signal ended it before.

        Raises DataError where there is nothing to learn from, or the loss is no number.
        """
        net = self.network.net
        if self.network.device.type == "cpu":
            keep_freed_memory()
        self.reporter.began(self.learner.batch)
        if self.varies:
            try_largest(self.learner, self.size, self.samples)
        first = self.learner.batch + 1
        loader = Batches(
            self.samples,
            count=self.learner.images,
            seed=self.learner.seed,
            size=self.size,
            workers=self.workers,
        )
        with stopping() as stop, loader as batches:
            waiting = time.perf_counter()
            for batch in batches(first, net.max_batches or ENDLESS):
                self.iterate(batch, time.perf_counter() - waiting, first=batch.number == first)
                if stop.asked:
                    break
                waiting = time.perf_counter()
        finished = self.learner.batch >= (net.max_batches or ENDLESS)
        self.end(finished)
        return finished

    def iterate(self, batch: Batch, loading: float, *, first: bool) -> None:
        """Train one iteration, say what it came to, and save what is due."""
        self.tell_problems(batch)
        height, width = batch.images.shape[2:]
        if first or (width, height) != (self.network.input.w, self.network.input.h):
            self.tell_size(width, height, first=first)
        self.reporter.loaded(loading, first=first)
        start = time.perf_counter()
        try:
            step = self.learner.learn(batch.images, batch.truth, self.tell_losses)
        except DataError as error:
            raise DataError(str(error), hint=self.good(batch)) from None
        seconds = time.perf_counter() - start
        self.reporter.stepped(step, seconds, loading)
        self.evaluate(step.batch)
        self.show(Report(step, seconds, loading, width, height, self.learner))
        self.save(self.reporter.due(step.batch))

    def evaluate(self, batch: int) -> None:
        """Work out the mean average precision where it is due, and save the best weights.

        Darknet: src/detector.c train_detector (AlexeyAB)
        """
        if self.mapping is None or not self.mapping.due(batch):
            return
        self.reporter.say(self.mapping.evaluate(batch))
        if self.mapping.improved():
            self.reporter.say("New best mAP!")
            self.save(["_best.weights"])
        if self.chart:
            self.chart.precisions.append((batch, self.mapping.last))

    def good(self, batch: Batch) -> str:
        """Return the images of a batch that went wrong, and the weights before it."""
        weights = self.newest or "none: nothing was saved yet"
        return (
            f"its images: {', '.join(sorted(set(batch.paths)))}; the last good weights: {weights}"
        )

    def tell_problems(self, batch: Batch) -> None:
        """Tell what of the data could not be used, each thing once."""
        for problem in batch.problems:
            if problem not in self.told:
                self.told.add(problem)
                self.reporter.note(problem)

    def tell_size(self, width: int, height: int, *, first: bool) -> None:
        """Say that images have another size, if sizes are drawn at all."""
        if self.varies:
            self.reporter.resized(width, height)

    @property
    def varies(self) -> bool:
        """Whether `random` draws the sizes of images."""
        return any(getattr(layer, "random", 0) for layer in self.network.layers if layer.head)

    def tell_losses(self, losses: list) -> None:
        """Say what the heads lost in a mini-batch."""
        self.reporter.lost(losses, self.learner.boxes)

    def show(self, report: Report) -> None:
        """Let the bar, the chart and the callbacks see an iteration."""
        if report.step.told:
            self.reporter.say(report.step.told)
        if self.progress:
            self.progress.stepped(report.step, report.seconds + report.loading)
        if self.chart:
            self.chart.add(report.step)
        for callback in self.callbacks:
            callback(report)

    def save(self, endings: list[str]) -> None:
        """Write weights under some endings; beside the newest, the state that goes with them."""
        for ending in endings:
            path = self.files.path(ending)
            if ending == self.reporter.newest:
                self.files.keep_previous()
            self.reporter.note(f"Saving weights to {path}")
            self.network.save_weights(path)
            if ending == self.reporter.newest:
                self.files.write_pair(self.learner.state(self.run))
                self.newest = path
                self.save_average()
        if endings and self.chart:
            self.chart.draw()

    def save_average(self) -> None:
        """Write the moving averages as weights, where there are any.

        Darknet: src/detector.c train_detector (AlexeyAB)
        """
        if self.learner.moving.values:
            path = self.files.path("_ema.weights")
            with self.learner.moving.in_place():
                self.network.save_weights(path)
            self.reporter.say(f" EMA weights are saved to the file: {path} ")

    def end(self, finished: bool) -> None:
        """Save what the end of a training leaves, or what one that was stopped goes on from."""
        if self.progress:
            self.progress.close()
            self.reporter.progress = None
        if finished:
            self.save(list(self.reporter.finals))
            self.reporter.ended()
        else:
            self.save([self.reporter.newest])
            note(f"stopped after batch {self.learner.batch}: the same command goes on from there")
