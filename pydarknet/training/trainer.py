"""The loop of a training: it reads batches, and writes weights and a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ..dataset.bad_list import Problem
from ..dataset.input_size import Sizes
from ..dataset.loader import Batch
from ..dataset.sample import Samples
from ..errors import DarknetError, DataError
from ..evaluate.average_precision import MapReport
from ..network import Network
from ..ranks.ranks import ALONE, Ranks
from ..system.console import note
from ..system.gpu_errors import gpu_errors
from ..system.malloc import keep_freed_memory, return_freed_memory, trim_freed_memory
from ..system.memory import memory_errors
from .callbacks import Callbacks, IterationReport
from .chart import TrainingChart
from .chart_points import points_of
from .checkpoints import Files
from .closing import closing_line
from .data_problems import DataProblems
from .learner import Learner, NoNumber
from .losses import Loss
from .memory_check import is_tried, sizes_vary, smaller_batches, try_largest
from .progress import Progress
from .reporter import Reporter
from .resume import Start
from .saver import Saver
from .signals import catch_stop_signals
from .state import FIGURES, State
from .validation import MapValidation

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
    start: Start
    workers: int | None = None
    callbacks: Callbacks = field(default_factory=Callbacks)
    progress: Progress | None = None
    chart: TrainingChart | None = None
    validation: MapValidation | None = None
    problems: DataProblems = field(default_factory=DataProblems)
    on_first: Callable[[Batch], object] | None = None  # what is done with the first batch
    ranks: Ranks = ALONE  # the processes that train together
    clear: bool = False  # whether the command line says to start over
    signal: int = 0  # the number of the one that asked for it

    def __post_init__(self) -> None:
        self.saver = Saver(
            self.learner.network, self.files, self.reporter.note, self.state, self.start.aside
        )

    def restore(self, weights: Path | None) -> None:
        """Take over log, chart and evaluations of the training that was stopped, if there is one.

        `weights` are those that the command line names. Of several processes the first has them.
        """
        if self.ranks.first:
            self.restore_own(weights)
        if not self.ranks.alone:  # saves in all processes at once
            self.reporter.restore(self.ranks.gather(self.reporter.position())[0])
        if self.validation:  # is due in all its processes at once
            figures = self.validation.figures()
            self.validation.restore(self.validation.ranks.gather(figures)[0])

    def restore_own(self, weights: Path | None) -> None:
        """Take them over from files."""
        pair = self.start.pair
        self.saver.last_good = pair.weights if pair else weights
        numbers = pair.state.numbers if pair else {}
        if "log" in numbers:
            self.reporter.restore(numbers["log"])
        if self.chart:
            self.chart.restore(points_of(pair.state if pair else None))
        if self.validation and "validation" in numbers:
            self.validation.restore(numbers["validation"])
        elif self.validation:
            self.validation.at = self.learner.batch
            self.saver.keep_best()

    @property
    def network(self) -> Network:
        """The network that is trained."""
        return self.learner.network

    @gpu_errors()
    def train(self) -> bool:
        """Train to `max_batches`; return whether it was reached.

        A signal or a callback may end the training before. Raises DataError if there are no images,
        or the loss is NaN or infinite; OutOfMemory, which says which `subdivisions` to try; what a
        callback raises, after the end.
        """
        net = self.network.net
        if self.network.device.type == "cpu":
            return_freed_memory()
        self.reporter.report_start(self.learner.batch)
        if is_tried(self.network):
            try_largest(self.learner, self.size, self.samples)
        first, last = self.learner.batch + 1, net.max_batches or ENDLESS
        seed, team = self.learner.seed, self.learner.team
        loader = team.batches(self.samples, seed, self.size, self.workers)
        memory = memory_errors(smaller_batches(net))
        lock = self.files.hold() if self.ranks.first else nullcontext()
        with lock, catch_stop_signals() as stop:
            with memory, loader as batches:
                waiting = time.perf_counter()
                for batch in batches(team.numbers(self.learner.counts, last)):
                    self.iterate(batch, time.perf_counter() - waiting, first=batch.number == first)
                    if self.ranks.any(
                        stop.requested or self.callbacks.stopped or self.reporter.unheard
                    ):
                        break
                    waiting = time.perf_counter()
            finished = self.learner.batch >= last
            try:
                self.end(finished)
            except DarknetError as error:
                raise error from self.callbacks.failure
        self.signal = stop.number
        self.callbacks.raise_failure(self.ranks)  # waits until the first has written
        return finished

    def iterate(self, batch: Batch, loading: float, *, first: bool) -> None:
        """Train one iteration, report it, and save weights if they are due."""
        problems = self.problems.of_all(batch.problems, self.ranks, self.samples)
        self.report_problems(problems)
        height, width = batch.images.shape[2:]
        if first or (width, height) != (self.network.input.w, self.network.input.h):
            self.report_size(width, height, first=first)
        self.reporter.report_loading(loading, first=first)
        if first and self.on_first:
            self.attempt("the first batch", partial(self.on_first, batch))
        start = time.perf_counter()
        try:
            step = self.learner.learn(batch.images, batch.truth, self.report_losses)
        except NoNumber as error:
            self.finish_chart()
            raise DataError(str(error), hint=self.failure_hint(batch)) from None
        seconds = time.perf_counter() - start
        if first and self.network.device.type == "cpu":
            keep_freed_memory()  # only now: what torch makes once would lie between the maps
            trim_freed_memory()
            self.learner.measuring.begun = True
        if step.sync_text:
            self.reporter.say(step.sync_text)
        self.reporter.report_step(step, seconds, loading)
        found = self.evaluate(step.batch)
        figures = (found.mean_average_precision, found) if found else ()
        self.show(IterationReport(step, seconds, loading, width, height, self.learner, *figures))
        if endings := self.reporter.due(step.batch):
            self.learner.prepare_save()
            self.save(endings)

    def evaluate(self, batch: int) -> MapReport | None:
        """Compute the mean average precision if it is due, save the best weights, and return it.

        Darknet: src/detector.c train_detector (AlexeyAB)
        """
        if self.validation is None or not self.validation.due(batch):
            return None
        self.reporter.say(self.validation.evaluate(batch))
        best = self.validation.best
        if self.validation.is_best():
            self.reporter.say("New best mAP!")
            if not self.save(["_best.weights"]):
                self.validation.best = best
        if self.chart:
            self.chart.points.add_precision(batch, self.validation.last)
        return self.validation.report

    def failure_hint(self, batch: Batch) -> str:
        """Return the hint of an error that all processes meet: the images of the batch, and the
        last good weights."""
        paths = self.ranks.gather(batch.paths)
        images = ", ".join(sorted({path for some in paths for path in some}))
        return f"its images: {images}; {self.ranks.gather(self.saver.last_good_text())[0]}"

    def report_problems(self, problems: Iterable[Problem]) -> None:
        """Warn about what is unusable, once per problem."""
        for text in self.problems.new(problems):
            self.reporter.note(text)

    def report_size(self, width: int, height: int, *, first: bool) -> None:
        """Report a new image size, if sizes vary at all."""
        if sizes_vary(self.network):
            self.reporter.report_size(width, height)

    def report_losses(self, losses: Sequence[Loss]) -> None:
        """Report the losses of the heads for a mini-batch."""
        self.reporter.report_losses(losses, self.learner.boxes)

    def show(self, report: IterationReport) -> None:
        """Pass an iteration to the progress bar, the chart and the callbacks."""
        if report.step.ema_text:
            self.reporter.say(report.step.ema_text)
        if self.progress:
            self.progress.update(report.step, report.seconds + report.loading)
        if self.chart:
            self.attempt("the chart", partial(self.chart.add, report.step))
        self.callbacks.call(report)

    def finish_chart(self) -> None:
        """Draw the chart of all iterations so far."""
        if self.chart:
            self.attempt("the chart", self.chart.finish)

    def attempt(self, what: str, write: Callable[[], object]) -> None:
        """Write something that a training does not need; if it fails, note that once."""
        try:
            write()
        except (OSError, DarknetError) as error:
            problem = f"{what} cannot be written, and the training continues: {error}"
            self.report_problems([Problem(problem)])

    def save(self, endings: list[str]) -> bool:
        """Write weights under these endings, and the state; return whether all were written."""
        if not endings or not self.ranks.first:
            return True
        written = self.saver.save(endings)
        self.save_average(endings)
        return written

    def save_average(self, endings: list[str]) -> None:
        """Write the moving averages as weights beside the newest ones, if there are any.

        Darknet: src/detector.c train_detector (AlexeyAB)
        """
        if self.learner.moving.values and self.reporter.newest in endings:
            with self.learner.moving.in_place():
                path = self.saver.write_quietly("_ema.weights")
            if path:
                self.reporter.say(f" EMA weights are saved to the file: {path} ")

    def state(self) -> State:
        """Return the state from which this training resumes."""
        state = self.learner.state(self.start.run)
        past = self.start.pair.state if self.start.pair else None
        figures = {name: past.numbers[name] for name in FIGURES if past and name in past.numbers}
        figures["log"] = self.reporter.position()
        if self.validation:
            figures["validation"] = self.validation.figures()
        points = self.chart.points.tensors() if self.chart else points_of(past)
        return State(state.run, {**state.numbers, **figures}, {**state.tensors, **points})

    def end(self, finished: bool) -> None:
        """Save the final weights, or the pair from which a stopped training resumes."""
        if self.progress:
            self.progress.close()
            self.reporter.progress = None
        self.learner.prepare_save(last=True)
        if self.ranks.first:
            self.write_end(finished)

    def write_end(self, finished: bool) -> None:
        """Write what `end` saves, and say where it is."""
        endings = list(self.reporter.finals) if finished else [self.reporter.newest]
        self.finish_chart()  # before: after the final weights, the same command draws nothing
        self.saver.save_at_end(endings)
        self.save_average(endings)
        if finished:
            self.reporter.report_end()
        else:
            same = "the same command without -clear" if self.clear else "the same command"
            note(f"stopped after batch {self.learner.batch}: {same} resumes from there")
        note(self.closing_text())

    def closing_text(self) -> str:
        """Return the last line: where the weights are, which are the best, what was left out."""
        precisions = self.chart.points.precisions if self.chart else []
        best = self.files.path("_best.weights")
        return closing_line(self.saver.last_good, precisions, best, self.problems.summary())
