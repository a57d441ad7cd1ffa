"""The log of a classifier's training and the names of its files, per lineage."""

from __future__ import annotations

from typing import ClassVar

from ..cfg.lineage import PerLineage
from .learner import Step
from .reporter import Reporter


class ClassifierReporter(Reporter):
    """The original's lines and files: weights at every epoch.

    Darknet: examples/classifier.c train_classifier
    Quirk: LAST_WEIGHTS
    """

    finals: ClassVar[tuple[str, ...]] = (".weights", "_final.weights")
    epoch: int = 0

    def report_start(self, batch: int) -> None:
        self.epoch = self.epochs(batch)
        self.say(f"1\n{self.network.net.rates()}\n{self.listed}")
        self.say_crops(self.network.net.width)

    def say_crops(self, width: int) -> None:
        """Write the range of sizes that an image's shorter side is scaled to."""
        net = self.network.net
        self.say(f"{int(net.min_ratio * width)} {int(net.max_ratio * width)}")

    def epochs(self, batch: int) -> int:
        """Return the number of whole epochs after n batches."""
        return batch * self.images // self.listed

    def report_size(self, width: int, height: int) -> None:
        super().report_size(width, height)
        self.say_crops(width)

    def report_step(self, step: Step, seconds: float, loading: float) -> None:
        self.say(self.line(step, seconds))

    def line(self, step: Step, seconds: float) -> str:
        """Return the line with the figures of an iteration."""
        seen = step.batch * self.images
        return (
            f"{step.batch}, {seen / self.listed:.3f}: {step.loss:f}, {step.average:f} avg,"
            f" {step.rate:f} rate, {seconds:f} seconds, {seen} images"
        )

    def due(self, batch: int) -> list[str]:
        endings = [self.newest] if batch % 1000 == 0 else []
        if self.epochs(batch) > self.epoch:
            self.epoch = self.epochs(batch)
            endings.insert(0, f"_{self.epoch}.weights")
        return endings


class ForkClassifierReporter(ClassifierReporter):
    """The fork's lines and files: weights every 1000 iterations, the last ones every 100.

    Darknet: src/classifier.c train_classifier (AlexeyAB)
    """

    newest = "_last.weights"
    finals = ("_final.weights",)

    def say_crops(self, width: int) -> None:
        """Write nothing: the fork does not print it."""

    def report_step(self, step: Step, seconds: float, loading: float) -> None:
        self.say(f"{self.line(step, seconds)}, {self.hours_left:f} hours left")
        self.count_hours(step, seconds + loading)

    def due(self, batch: int) -> list[str]:
        endings = [f"_{batch}.weights"] if batch % 1000 == 0 else []
        return [*endings, self.newest] if batch % 100 == 0 else endings


CLASSIFIER_REPORTERS: PerLineage[type[Reporter]] = PerLineage(
    pjreddie=ClassifierReporter, alexeyab=ForkClassifierReporter
)
