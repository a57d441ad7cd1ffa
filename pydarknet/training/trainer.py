"""The loop of a training: it reads batches, and writes weights and a log."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..dataset.input_size import Sizes
from ..dataset.loader import Batch, Batches
from ..dataset.sample import Samples
from ..errors import DataError
from ..layers import detection_heads
from ..network import Network
from ..system.console import note
from ..system.malloc import keep_freed_memory
from ..system.memory import memory_errors
from .checkpoints import Files
from .learner import Learner, Step
from .loss_chart import LossChart
from .memory_check import smaller_batches, try_largest
from .progress import Progress
from .reporter import Reporter
from .signals import catch_stop_signals
from .validation import MapValidation


@dataclass(frozen=True)
class IterationReport:
    """What callbacks are called with; `loading` are the seconds that the batch was waited for."""

    step: Step
    seconds: float
    loading: float
    width: int
    height: int
    learner: Learner


Callback = Callable[[IterationReport], None]
ENDLESS = 2**31 - 1  # batches; max_batches=0 of a classifier means it


@dataclass
class Trainer:
    """Everything that a training consists of.

    Darknet: examples/detector.c train_detector
    """

    learner: Learner
    samples: Samples
    size: Sizes  # width and height of each iteration's images
    files: Files
    reporter: Reporter
    run: dict[str, str]  # the hashes of cfg, data and initial weights
    workers: int | None = None
    callbacks: list[Callback] = field(default_factory=list)
    progress: Progress | None = None
    chart: LossChart | None = None
    validation: MapValidation | None = None
    reported: set[str] = field(default_factory=set)
    newest: Path | None = None  # the last good weights

    @property
    def network(self) -> Network:
        """The network that is trained."""
        return self.learner.network

    def train(self) -> bool:
        """Train to `max_batches`; return whether it was reached. A signal ends the training before.

        Raises DataError if there are no images, or the loss is NaN or infinite; OutOfMemory, which
        says which `subdivisions` to try.
        """
        net = self.network.net
        if self.network.device.type == "cpu":
            keep_freed_memory()
        self.reporter.report_start(self.learner.batch)
        if self.sizes_vary:
            try_largest(self.learner, self.size, self.samples)
        first = self.learner.batch + 1
        loader = Batches(
            self.samples,
            count=self.learner.images,
            seed=self.learner.seed,
            size=self.size,
            workers=self.workers,
        )
        memory = memory_errors(smaller_batches(net))
        with memory, catch_stop_signals() as stop, loader as batches:
            waiting = time.perf_counter()
            for batch in batches(first, net.max_batches or ENDLESS):
                self.iterate(batch, time.perf_counter() - waiting, first=batch.number == first)
                if stop.requested:
                    break
                waiting = time.perf_counter()
        finished = self.learner.batch >= (net.max_batches or ENDLESS)
        self.end(finished)
        return finished

    def iterate(self, batch: Batch, loading: float, *, first: bool) -> None:
        """Train one iteration, report it, and save weights if they are due."""
        self.report_problems(batch)
        height, width = batch.images.shape[2:]
        if first or (width, height) != (self.network.input.w, self.network.input.h):
            self.report_size(width, height, first=first)
        self.reporter.report_loading(loading, first=first)
        start = time.perf_counter()
        try:
            step = self.learner.learn(batch.images, batch.truth, self.report_losses)
        except DataError as error:
            raise DataError(str(error), hint=self.failure_hint(batch)) from None
        seconds = time.perf_counter() - start
        self.reporter.report_step(step, seconds, loading)
        self.evaluate(step.batch)
        self.show(IterationReport(step, seconds, loading, width, height, self.learner))
        self.save(self.reporter.due(step.batch))

    def evaluate(self, batch: int) -> None:
        """Compute the mean average precision if it is due, and save the best weights.

        Darknet: src/detector.c train_detector (AlexeyAB)
        """
        if self.validation is None or not self.validation.due(batch):
            return
        self.reporter.say(self.validation.evaluate(batch))
        if self.validation.is_best():
            self.reporter.say("New best mAP!")
            self.save(["_best.weights"])
        if self.chart:
            self.chart.precisions.append((batch, self.validation.last))

    def failure_hint(self, batch: Batch) -> str:
        """Return the hint of an error: the images of the batch, and the last good weights."""
        weights = self.newest or "none: nothing was saved yet"
        return (
            f"its images: {', '.join(sorted(set(batch.paths)))}; the last good weights: {weights}"
        )

    def report_problems(self, batch: Batch) -> None:
        """Warn about unusable data, once per problem."""
        for problem in batch.problems:
            if problem not in self.reported:
                self.reported.add(problem)
                self.reporter.note(problem)

    def report_size(self, width: int, height: int, *, first: bool) -> None:
        """Report a new image size, if sizes vary at all."""
        if self.sizes_vary:
            self.reporter.report_size(width, height)

    @property
    def sizes_vary(self) -> bool:
        """Whether image sizes are random."""
        return any(head.random for head in detection_heads(self.network.layers))

    def report_losses(self, losses: list) -> None:
        """Report the losses of the heads for a mini-batch."""
        self.reporter.report_losses(losses, self.learner.boxes)

    def show(self, report: IterationReport) -> None:
        """Pass an iteration to the progress bar, the chart and the callbacks."""
        if report.step.ema_text:
            self.reporter.say(report.step.ema_text)
        if self.progress:
            self.progress.update(report.step, report.seconds + report.loading)
        if self.chart:
            self.chart.add(report.step)
        for callback in self.callbacks:
            callback(report)

    def save(self, endings: list[str]) -> None:
        """Write weights under these endings, and the state beside the newest ones."""
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
        """Write the moving averages as weights, if there are any.

        Darknet: src/detector.c train_detector (AlexeyAB)
        """
        if self.learner.moving.values:
            path = self.files.path("_ema.weights")
            with self.learner.moving.in_place():
                self.network.save_weights(path)
            self.reporter.say(f" EMA weights are saved to the file: {path} ")

    def end(self, finished: bool) -> None:
        """Save the final weights, or the pair from which a stopped training resumes."""
        if self.progress:
            self.progress.close()
            self.reporter.progress = None
        if finished:
            self.save(list(self.reporter.finals))
            self.reporter.report_end()
        else:
            self.save([self.reporter.newest])
            note(f"stopped after batch {self.learner.batch}: the same command resumes from there")
