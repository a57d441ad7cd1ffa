"""The commands that put a classifier to lists of images: classifier valid, label, test."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...cfg.lineage import PerLineage
from ...errors import DataError
from ...system.console import note, say
from ..verbs import Help, Run, verb

if TYPE_CHECKING:
    from ...evaluate.accuracy import Answer, Quiz
    from ...evaluate.classifier_crops import View
    from ...network import Network

LISTS_LABELS = PerLineage(pjreddie=False, alexeyab=True)  # where an image's path has too many

Data = Annotated[Path, Help("the .data file: labels, valid, classes, top, leaves")]
Cfg = Annotated[Path, Help("the network: a Darknet .cfg")]
Weights = Annotated[Path | None, Help("its weights file")]


@dataclass(frozen=True)
class Exam:
    """A network, the images it is asked about, what is asked, and how many places are told."""

    network: Network
    paths: list[str]
    quiz: Quiz
    top: int

    def answers(self) -> Iterator[Answer]:
        """Yield the answers about all images; behind a bar, where no lines run."""
        from ...evaluate.accuracy import answers
        from ...evaluate.dataset_detections import evaluating
        from ..progress import bar

        with evaluating(self.network):
            found = answers(self.network, self.paths, self.quiz)
            quiet = sys.stderr.isatty() and not sys.stdout.isatty()
            yield from bar(found, len(self.paths)) if quiet else found


@verb("classifier valid")
def valid(run: Run, data: Data, cfg: Cfg, weights: Weights = None) -> None:
    """Print how often the right class is the best, and among the best, by the middle of images.

    Darknet: examples/classifier.c validate_classifier_single
    """
    from ...evaluate import classifier_crops

    exam = examination(
        run, data, cfg, weights, classifier_crops.middle, training=False, leaves=True
    )
    VALID_LINES.of(exam.network.dialect)(exam)


def lines_pjreddie(exam: Exam) -> None:
    """Print two lines an image: its first scores, and how it went so far.

    Darknet: examples/classifier.c validate_classifier_single
    """
    from ...evaluate.accuracy import Accuracy

    accuracy = Accuracy()
    for index, answer in enumerate(exam.answers()):
        accuracy = accuracy.after(answer)
        first, second = (*answer.scores, 0.0, 0.0)[:2]
        say(f"{answer.path}, {answer.truth}, {first:f}, {second:f}, ")
        say(accuracy.line(index, exam.top))


def lines_alexeyab(exam: Exam) -> None:
    """Print a line an image, which the next line ends.

    Darknet: src/classifier.c validate_classifier_single (AlexeyAB)
    """
    from ...evaluate.accuracy import Accuracy

    say(" TOP calculation...")
    accuracy = Accuracy()
    for index, answer in enumerate(exam.answers()):
        accuracy = accuracy.after(answer)
        say(f"\n{accuracy.line(index, exam.top)}", end="")


VALID_LINES = PerLineage(pjreddie=lines_pjreddie, alexeyab=lines_alexeyab)


@verb("classifier valid10")
def valid10(run: Run, data: Data, cfg: Cfg, weights: Weights = None) -> None:
    """Print how often a classifier is right that is shown ten crops of an image.

    Darknet: examples/classifier.c validate_classifier_10
    """
    from ...evaluate import classifier_crops

    print_lines(examination(run, data, cfg, weights, classifier_crops.ten))


@verb("classifier validfull")
def validfull(run: Run, data: Data, cfg: Cfg, weights: Weights = None) -> None:
    """Print how often a classifier is right that is shown whole images.

    Darknet: examples/classifier.c validate_classifier_full
    """
    from ...evaluate import classifier_crops

    print_lines(examination(run, data, cfg, weights, classifier_crops.whole))


@verb("classifier validmulti")
def validmulti(run: Run, data: Data, cfg: Cfg, weights: Weights = None) -> None:
    """Print how often a classifier is right that is shown images in several sizes.

    Darknet: examples/classifier.c validate_classifier_multi
    """
    from ...evaluate import classifier_crops

    print_lines(examination(run, data, cfg, weights, classifier_crops.several))


def print_lines(exam: Exam) -> None:
    """Print a line an image."""
    from ...evaluate.accuracy import Accuracy

    accuracy = Accuracy()
    for index, answer in enumerate(exam.answers()):
        accuracy = accuracy.after(answer)
        say(accuracy.line(index, exam.top))


@verb("classifier validcrop")
def validcrop(run: Run, data: Data, cfg: Cfg, weights: Weights = None) -> None:
    """Print how often a classifier is right that is shown stretched images, by the thousand.

    Darknet: examples/classifier.c validate_classifier_crop
    """
    from ...evaluate import classifier_crops
    from ...evaluate.accuracy import parts

    exam = examination(run, data, cfg, weights, classifier_crops.stretched)
    firsts, amongs = 0.0, 0.0
    for number, part in enumerate(parts(len(exam.paths)), start=1):
        paths = exam.paths[part]
        first, among, seconds = part_accuracy(exam, paths)
        firsts, amongs = firsts + first, amongs + among
        say(
            f"{number}: top 1: {firsts / number:f}, top {exam.top}: {amongs / number:f},"
            f" {seconds:f} seconds, {len(paths)} images"
        )


@verb("classifier label")
def classifier_label(run: Run, data: Data, cfg: Cfg, weights: Weights = None) -> None:
    """Print the class of each image of the list `test`.

    Darknet: examples/classifier.c label_classifier
    """
    from ...dataset.files import DataFile, read_list
    from ...evaluate.accuracy import Quiz
    from ...evaluate.classifier_crops import middle_of_shorter
    from ..open_network import open_network

    network = open_network(run, cfg, weights, training=True)
    options = DataFile.read(data)
    names = options.get("names", "data/labels.list")
    listed = options.get("test", "data/train.list")
    labels = named_classes(names, options.integer("classes", 2))
    for answer in Exam(network, read_list(listed), Quiz(labels, 1, middle_of_shorter), 1).answers():
        say(labels[answer.picks[0]] if answer.picks else "")


@verb("classifier test")
def classifier_test(run: Run, data: Data, cfg: Cfg, weights: Weights = None) -> None:
    """Print the path of each image of the list `test`, and the scores of all classes.

    Darknet: examples/classifier.c test_classifier
    Quirk: LAST_BATCH
    """
    from ...dataset.files import DataFile, read_list
    from ...evaluate.accuracy import Quiz
    from ...evaluate.classifier_crops import stretched
    from ..open_network import open_network

    network = open_network(run, cfg, weights, training=True)
    options = DataFile.read(data)
    paths = read_list(options.get("test", "data/test.list"))
    labels = tuple(str(index) for index in range(options.integer("classes", 2)))
    start = time.perf_counter()
    for answer in Exam(network, paths, Quiz(labels, 1, stretched), 1).answers():
        say("\t".join([answer.path, *(f"{score:g}" for score in answer.scores[: len(labels)])]))
    seconds = time.perf_counter() - start
    note(f"{seconds:f} seconds, {len(paths)} images, {len(paths)} total")


def part_accuracy(exam: Exam, paths: list[str]) -> tuple[float, float, float]:
    """Return the shares of a part of the images that are right, and the seconds they took.

    Here every label in an image's path is right.

    Darknet: src/network.c network_accuracies
    """
    from ...evaluate.accuracy import answered, shown
    from ...evaluate.dataset_detections import evaluating

    for path in paths:
        tell_labels(exam, path)
    start = time.perf_counter()
    loaded = list(shown(exam.network, paths, exam.quiz))
    read = time.perf_counter()
    say(f"Loaded: {len(loaded)} images in {read - start:f} seconds")
    with evaluating(exam.network):
        found = list(answered(exam.network, loaded, exam.quiz))
    first = sum(bool(set(answer.truths) & set(answer.picks[:1])) for answer in found)
    among = sum(bool(set(answer.truths) & set(answer.picks)) for answer in found)
    count = max(len(found), 1)
    return first / count, among / count, time.perf_counter() - read


def tell_labels(exam: Exam, path: str) -> None:
    """Tell a path that has not exactly one label in it; the fork lists those that it has.

    Darknet: src/data.c fill_truth, fill_truth_smooth (AlexeyAB)
    """
    lists = LISTS_LABELS.of(exam.network.dialect)
    found = [label for label in exam.quiz.labels if label in path]
    if len(found) == 1 or (not found and len(exam.quiz.labels) == 1 and not lists):
        return
    say(f"Too many or too few labels: {len(found)}, {path}")
    for number, label in enumerate(found if lists else []):
        say(f"\t label {number}: {label}  ")


def examination(
    run: Run,
    data: Path,
    cfg: Path,
    weights: Path | None,
    view: View,
    *,
    training: bool = True,
    leaves: bool = False,
) -> Exam:
    """Read what a `valid` command of classifiers needs; `training` is how the fork opens the cfg.

    Darknet: examples/classifier.c validate_classifier_single
    """
    from ...dataset.files import DataFile
    from ...evaluate.accuracy import Quiz, places
    from ..open_network import open_network
    from .detector_valid import images_of

    network = open_network(run, cfg, weights, training=training)
    options = DataFile.read(data)
    named = options.get("labels", "data/labels.list")
    listed = options.find("leaves") if leaves else None
    valid = options.get("valid", "data/train.list")
    classes, top = options.integer("classes", 2), options.integer("top", 1)
    labels = named_classes(named, classes)
    top = places(network, top, classes)
    quiz = Quiz(labels, top, view, leaves_of(network, listed) if listed else ())
    return Exam(network, images_of(valid), quiz, top)


def named_classes(named: str, classes: int) -> tuple[str, ...]:
    """Return so many labels of a file, or refuse one of fewer."""
    from ...dataset.files import read_list

    labels = read_list(named)[:classes]
    if len(labels) < classes:
        raise DataError(f"{len(labels)} labels: expected {classes}, the classes", where=named)
    return tuple(labels)


def leaves_of(network: Network, listed: str) -> tuple[bool, ...]:
    """Say of each class of the network's tree whether a file lists it.

    Darknet: src/tree.c change_leaves
    """
    from ...dataset.files import read_list
    from ...inference.classify import hierarchy

    tree, names = hierarchy(network), set(read_list(listed))
    if tree is None:
        raise DataError("lists leaves: expected a network with a tree", where=listed)
    found = tuple(name in names for name in tree.names)
    note(f"Found {sum(found)} leaves.")
    return found
