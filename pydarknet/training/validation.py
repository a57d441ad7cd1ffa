"""Average precision while a network trains, for `-map`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..evaluate.average_precision import MapReport, average_precision
from ..evaluate.map_report import HINT, text
from ..evaluate.spread import detect_together
from ..network import Network
from ..ranks.ranks import ALONE, Ranks
from .optimizer import images_of_update

LEAST = 100  # iterations from one evaluation to the next


@dataclass
class MapValidation:
    """The mean average precision on the validation images: when it is computed, and its values.

    Darknet: src/detector.c train_detector (AlexeyAB)
    """

    network: Network
    paths: Sequence[str]
    listed: int  # training images
    thresh: float = 0.25
    iou_thresh: float = 0.5
    epochs: int = 4  # from one evaluation to the next
    polygons: bool = False
    ranks: Ranks = ALONE  # the processes that look at the images
    at: int = 0  # the iteration of the last evaluation
    last: float = -1.0
    best: float = -1.0
    report: MapReport | None = None  # of the last evaluation, if it was in this process

    def figures(self) -> dict[str, float]:
        """Return what a resumed training must know of the evaluations so far."""
        return {"at": self.at, "last": self.last, "best": self.best}

    def restore(self, figures: Mapping[str, Any]) -> None:
        """Take over the figures of a training that was stopped."""
        self.at, self.last, self.best = figures["at"], figures["last"], figures["best"]

    @property
    def next(self) -> int:
        """The iteration of the next evaluation."""
        images = images_of_update(self.network.net)
        each = max(self.epochs * self.listed // images, LEAST)
        return max(self.at + each, self.network.net.burn_in)

    def due(self, batch: int) -> bool:
        """Return whether an evaluation is due after an iteration."""
        return batch >= self.next or batch == self.network.net.max_batches

    def next_text(self) -> str:
        """Return the lines about evaluations that the fork prints per iteration."""
        lines = f"\n (next mAP calculation at {self.next} iterations) "
        if self.last > 0:
            lines += (
                f"\n Last accuracy mAP@{self.iou_thresh:0.2f} = {self.last * 100:2.2f} %,"
                f" best = {self.best * 100:2.2f} % "
            )
        return lines

    def evaluate(self, batch: int) -> str:
        """Evaluate the network, without changing it, and return the report: the first process's.

        Darknet: src/detector.c validate_detector_map (AlexeyAB)
        """
        start = time.perf_counter()
        report = average_precision(
            self.network,
            self.paths,
            thresh=self.thresh,
            iou_thresh=self.iou_thresh,
            polygons=self.polygons,
            detect=partial(detect_together, ranks=self.ranks),
        )
        self.at, self.last, self.report = batch, report.mean_average_precision, report
        seconds = int(time.perf_counter() - start)
        lines = [
            "\n calculation mAP (mean average precision)...",
            text(report),
            f"Total Detection Time: {seconds} Seconds{HINT}",
            f"\n mean_average_precision (mAP@{self.iou_thresh:0.2f}) = {self.last:f} ",
        ]
        return "\n".join(lines)

    def is_best(self) -> bool:
        """Return whether the last evaluation is the best so far, and store it if so."""
        better = self.last >= self.best
        self.best = max(self.best, self.last)
        return better
