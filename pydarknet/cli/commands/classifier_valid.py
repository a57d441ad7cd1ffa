"""The commands that run a classifier on lists of images: classifier valid, label, test."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...cfg.lineage import PerLineage
from ...system.console import note, say
from ..data_files import images_of
from ..operands import CfgOrOnnx, Weights
from ..sharing import Form, ShardFlags, Sharing
from ..verbs import Help, Run, verb

if TYPE_CHECKING:
    from ...evaluate.accuracy import AccuracyOptions, Prediction
    from ...evaluate.classifier_crops import View
    from ...network import Network

LISTS_LABELS = PerLineage(pjreddie=False, alexeyab=True)  # where an image's path has too many

Data = Annotated[Path, Help("the .data file: labels, valid, classes, top, leaves")]


@dataclass(frozen=True)
class Evaluation:
    """A classifier, the images to evaluate it on, and how; `top` is the printed number."""

    network: Network
    paths: list[str]
    options: AccuracyOptions
    top: int
    sharing: Sharing | None = None

    def predictions(self) -> Iterator[Prediction]:
        """Yield the predictions for all images; none where a part of them is recorded."""
        from ...evaluate.prediction_json import json_of_prediction, prediction_of_json

        if self.sharing is None:
            yield from self.predictions_of(self.paths)
            return

        def steps(start: int, stop: int) -> Iterator[tuple[int, list[Prediction]]]:
            for prediction in self.predictions_of(self.paths[start:stop]):
                yield 1, [prediction]

        how = (self.options.labels, self.options.top, self.options.leaves)
        form = Form(json_of_prediction, prediction_of_json)
        yield from self.sharing.results(self.network, how, self.paths, steps, form) or ()

    def predictions_of(self, paths: list[str]) -> Iterator[Prediction]:
        """Yield the predictions for images, with a progress bar if stdout is not a terminal."""
        from ...evaluate.accuracy import predictions
        from ...evaluate.dataset_detections import evaluation_mode
        from ..progress import bar

        with evaluation_mode(self.network):
            found = predictions(self.network, paths, self.options)
            quiet = sys.stderr.isatty() and not sys.stdout.isatty()
            yield from bar(found, len(paths)) if quiet else found


@verb("classifier valid", many=True)
def valid(
    run: Run, data: Data, cfg: CfgOrOnnx, weights: Weights = None, *, shards: ShardFlags
) -> None:
    """Print how often the right class is the best, and among the best, by the middle of images.

    Darknet: examples/classifier.c validate_classifier_single
    """
    from ...evaluate import classifier_crops

    sharing = Sharing.of(shards, "classifier valid", run, cfg, weights)
    evaluation = evaluation_of(
        run, data, cfg, weights, classifier_crops.center_view, sharing, training=False, leaves=True
    )
    VALID_LINES.of(evaluation.network.dialect)(evaluation)


def lines_pjreddie(evaluation: Evaluation) -> None:
    """Print two lines an image: its first scores, and how it went so far.

    Darknet: examples/classifier.c validate_classifier_single
    """
    from ...evaluate.accuracy import Accuracy

    accuracy = Accuracy()
    for index, prediction in enumerate(evaluation.predictions()):
        accuracy = accuracy.after(prediction)
        first, second = (*prediction.scores, 0.0, 0.0)[:2]
        say(f"{prediction.path}, {prediction.truth}, {first:f}, {second:f}, ")
        say(accuracy.line(index, evaluation.top))


def lines_alexeyab(evaluation: Evaluation) -> None:
    """Print a line an image, which the next line ends.

    Darknet: src/classifier.c validate_classifier_single (AlexeyAB)
    """
    from ...evaluate.accuracy import Accuracy

    say(" TOP calculation...")
    accuracy = Accuracy()
    for index, prediction in enumerate(evaluation.predictions()):
        accuracy = accuracy.after(prediction)
        say(f"\n{accuracy.line(index, evaluation.top)}", end="")


VALID_LINES = PerLineage(pjreddie=lines_pjreddie, alexeyab=lines_alexeyab)


@verb("classifier valid10", many=True)
def valid10(
    run: Run, data: Data, cfg: CfgOrOnnx, weights: Weights = None, *, shards: ShardFlags
) -> None:
    """Print how often a classifier is right that is shown ten crops of an image.

    Darknet: examples/classifier.c validate_classifier_10
    """
    from ...evaluate import classifier_crops

    sharing = Sharing.of(shards, "classifier valid10", run, cfg, weights)
    view = classifier_crops.ten_crops
    print_lines(evaluation_of(run, data, cfg, weights, view, sharing))


@verb("classifier validfull", many=True)
def validfull(
    run: Run, data: Data, cfg: CfgOrOnnx, weights: Weights = None, *, shards: ShardFlags
) -> None:
    """Print how often a classifier is right that is shown whole images.

    Darknet: examples/classifier.c validate_classifier_full
    """
    from ...evaluate import classifier_crops

    sharing = Sharing.of(shards, "classifier validfull", run, cfg, weights)
    view = classifier_crops.whole_image_view
    print_lines(evaluation_of(run, data, cfg, weights, view, sharing))


@verb("classifier validmulti", many=True)
def validmulti(
    run: Run, data: Data, cfg: CfgOrOnnx, weights: Weights = None, *, shards: ShardFlags
) -> None:
    """Print how often a classifier is right that is shown images in several sizes.

    Darknet: examples/classifier.c validate_classifier_multi
    """
    from ...evaluate import classifier_crops

    sharing = Sharing.of(shards, "classifier validmulti", run, cfg, weights)
    view = classifier_crops.multi_scale_views
    print_lines(evaluation_of(run, data, cfg, weights, view, sharing))


def print_lines(evaluation: Evaluation) -> None:
    """Print a line an image."""
    from ...evaluate.accuracy import Accuracy

    accuracy = Accuracy()
    for index, prediction in enumerate(evaluation.predictions()):
        accuracy = accuracy.after(prediction)
        say(accuracy.line(index, evaluation.top))


@verb("classifier validcrop", many=True)
def validcrop(run: Run, data: Data, cfg: CfgOrOnnx, weights: Weights = None) -> None:
    """Print how often a classifier is right that is shown stretched images, by the thousand.

    Darknet: examples/classifier.c validate_classifier_crop
    """
    from ...evaluate import classifier_crops
    from ...evaluate.accuracy import crop_parts

    evaluation = evaluation_of(run, data, cfg, weights, classifier_crops.stretched_view)
    firsts, amongs = 0.0, 0.0
    for number, part in enumerate(crop_parts(len(evaluation.paths)), start=1):
        paths = evaluation.paths[part]
        first, among, seconds = part_accuracy(evaluation, paths)
        firsts, amongs = firsts + first, amongs + among
        say(
            f"{number}: top 1: {firsts / number:f}, top {evaluation.top}: {amongs / number:f},"
            f" {seconds:f} seconds, {len(paths)} images"
        )


@verb("classifier label", many=True)
def classifier_label(run: Run, data: Data, cfg: CfgOrOnnx, weights: Weights = None) -> None:
    """Print the class of each image of the list `test`.

    Darknet: examples/classifier.c label_classifier
    """
    from ...dataset.class_labels import read_labels
    from ...dataset.files import DataFile, read_list
    from ...evaluate.accuracy import AccuracyOptions
    from ...evaluate.classifier_crops import center_crop_view
    from ..open_network import open_network

    network = open_network(run, cfg, weights, training=True)
    options = DataFile.read(data)
    names = options.get_file("names", "data/labels.list")
    listed = options.get_file("test", "data/train.list")
    labels = read_labels(names, options.integer("classes", 2))
    chosen = AccuracyOptions(labels, 1, center_crop_view)
    for prediction in Evaluation(network, read_list(listed), chosen, 1).predictions():
        say(labels[prediction.best[0]] if prediction.best else "")


@verb("classifier test", many=True)
def classifier_test(run: Run, data: Data, cfg: CfgOrOnnx, weights: Weights = None) -> None:
    """Print the path of each image of the list `test`, and the scores of all classes.

    Darknet: examples/classifier.c test_classifier
    Quirk: LAST_BATCH
    """
    from ...dataset.files import DataFile, read_list
    from ...evaluate.accuracy import AccuracyOptions
    from ...evaluate.classifier_crops import stretched_view
    from ..open_network import open_network

    network = open_network(run, cfg, weights, training=True)
    options = DataFile.read(data)
    paths = read_list(options.get_file("test", "data/test.list"))
    labels = tuple(str(index) for index in range(options.integer("classes", 2)))
    start = time.perf_counter()
    chosen = AccuracyOptions(labels, 1, stretched_view)
    for prediction in Evaluation(network, paths, chosen, 1).predictions():
        scores = [f"{score:g}" for score in prediction.scores[: len(labels)]]
        say("\t".join([prediction.path, *scores]))
    seconds = time.perf_counter() - start
    note(f"{seconds:f} seconds, {len(paths)} images, {len(paths)} total")


def part_accuracy(evaluation: Evaluation, paths: list[str]) -> tuple[float, float, float]:
    """Return top-1 and top-n accuracy on some of the images, and the seconds they took.

    Here every label in an image's path is right.

    Darknet: src/network.c network_accuracies
    """
    from ...evaluate.accuracy import image_views, predictions_of
    from ...evaluate.dataset_detections import evaluation_mode

    for path in paths:
        warn_labels(evaluation, path)
    start = time.perf_counter()
    loaded = list(image_views(evaluation.network, paths, evaluation.options))
    read = time.perf_counter()
    say(f"Loaded: {len(loaded)} images in {read - start:f} seconds")
    with evaluation_mode(evaluation.network):
        found = list(predictions_of(evaluation.network, loaded, evaluation.options))
    first = sum(bool(set(prediction.truths) & set(prediction.best[:1])) for prediction in found)
    among = sum(bool(set(prediction.truths) & set(prediction.best)) for prediction in found)
    count = max(len(found), 1)
    return first / count, among / count, time.perf_counter() - read


def warn_labels(evaluation: Evaluation, path: str) -> None:
    """Warn about a path that does not have exactly one label; the fork lists them.

    Darknet: src/data.c fill_truth, fill_truth_smooth (AlexeyAB)
    """
    lists = LISTS_LABELS.of(evaluation.network.dialect)
    found = [label for label in evaluation.options.labels if label in path]
    if len(found) == 1 or (not found and len(evaluation.options.labels) == 1 and not lists):
        return
    say(f"Too many or too few labels: {len(found)}, {path}")
    for number, label in enumerate(found if lists else []):
        say(f"\t label {number}: {label}  ")


def evaluation_of(
    run: Run,
    data: Path,
    cfg: Path,
    weights: Path | None,
    view: View,
    sharing: Sharing | None = None,
    *,
    training: bool = True,
    leaves: bool = False,
) -> Evaluation:
    """Return the evaluation of a `valid` command; `training` is how the fork opens the cfg.

    Darknet: examples/classifier.c validate_classifier_single
    """
    from ...dataset.files import DataFile
    from ...evaluate.accuracy import read_evaluation
    from ..open_network import open_network

    network = open_network(run, cfg, weights, training=training)
    options, valid = read_evaluation(network, DataFile.read(data), view, leaves=leaves)
    return Evaluation(network, images_of(valid), options, options.top, sharing)
