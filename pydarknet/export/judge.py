"""What a file of 8-bit integers may lose, measured as the commands `map` and `valid` do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from ..dataset.files import DataFile
from ..evaluate.accuracy import AccuracyOptions, accuracy_of, read_evaluation
from ..evaluate.average_precision import average_precision
from ..evaluate.classifier_crops import center_view
from ..graph.executor import Executor
from ..layers import last_detection_head
from ..network import Network
from ..system.console import note

Judge = Callable[[Network], Mapping[str, float]]


def judge_of(network: Executor, data: Path | None, valid: Sequence[str]) -> Judge | None:
    """Return what measures a network on the images `valid` of a .data file: shares by name.

    Of a detector it is the mAP, of a classifier the accuracy. None if neither is known. Raises
    DarknetError for a .data file that does not fit the network.
    """
    if data is None or not valid:
        return None
    if last_detection_head(network.layers):
        return partial(precision, paths=valid)
    options = DataFile.read(data)
    if options.find("labels") is None:
        note(f"{data} has no list `labels`: the accuracy of int8 is not measured")
        return None
    chosen, _ = read_evaluation(network, options, center_view, leaves=True)
    return partial(accuracy, paths=valid, options=chosen)


def precision(network: Network, paths: Sequence[str]) -> dict[str, float]:
    """Return the mean average precision of a detector."""
    return {"mAP": average_precision(network, paths).mean_average_precision}


def accuracy(network: Network, paths: Sequence[str], options: AccuracyOptions) -> dict[str, float]:
    """Return how often the right class of an image is the best, and among the best."""
    found = accuracy_of(network, paths, options)
    return {"top 1": found.first / found.count, f"top {options.top}": found.among / found.count}
