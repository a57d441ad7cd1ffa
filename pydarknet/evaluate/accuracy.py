"""How often a classifier's best classes have the right one among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from ..cfg.lineage import PerLineage
from ..errors import DataError
from ..inference.classify import hierarchy, result
from ..inference.classify import top as best
from ..inference.predict import of_channels
from ..modules.hierarchy import Hierarchy
from ..modules.transforms import load_image
from ..network import Network
from . import classifier_crops
from .classifier_crops import View
from .dataset_detections import ahead, batch_of, batch_size, evaluating, grouped

CAPPED_AT_CLASSES = PerLineage(pjreddie=False, alexeyab=True)  # how many best classes count

Shown = tuple[str, list[Tensor] | None]


@dataclass(frozen=True)
class Answer:
    """What a classifier says of an image.

    `truths` are the classes whose labels are in its path, `picks` the best classes, best first,
    `scores` of all of them. There are no picks where the image cannot be read.
    """

    path: str
    truths: tuple[int, ...]
    picks: tuple[int, ...]
    scores: tuple[float, ...]

    @property
    def truth(self) -> int:
        """The class of the image: the first whose label is in its path, -1 if none is."""
        return self.truths[0] if self.truths else -1


@dataclass(frozen=True)
class Accuracy:
    """How many images there were, and of how many the best or one of the best was right."""

    count: int = 0
    first: int = 0
    among: int = 0

    def after(self, answer: Answer) -> Accuracy:
        """Return the count with one more image."""
        return Accuracy(
            self.count + 1,
            self.first + (answer.picks[:1] == (answer.truth,)),
            self.among + (answer.truth in answer.picks),
        )

    def line(self, number: int, top: int) -> str:
        """Return what the `valid` commands print after an image.

        Darknet: examples/classifier.c validate_classifier_single
        """
        first, among = (np.float32(n) / np.float32(self.count) for n in (self.first, self.among))
        return f"{number}: top 1: {first:f}, top {top}: {among:f}"


@dataclass(frozen=True)
class Quiz:
    """What is asked: the labels of the classes, how many picks, and what is shown of an image.

    `leaves` are the classes of a tree that count; without, those that are nobody's parent.
    """

    labels: tuple[str, ...]
    top: int = 1
    view: View = classifier_crops.middle
    leaves: tuple[bool, ...] = ()


def top_accuracy(
    network: Network, paths: Sequence[str], labels: Sequence[str], *, top: int = 5
) -> Accuracy:
    """Return how often a classifier is right about images whose paths have their labels in them.

    A network in training may be given; it is left as it was.

    Darknet: src/classifier.c validate_classifier_single (AlexeyAB)
    """
    accuracy = Accuracy()
    with evaluating(network):
        for answer in answers(network, paths, Quiz(tuple(labels), min(top, len(labels)))):
            accuracy = accuracy.after(answer)
    return accuracy


def answers(network: Network, paths: Sequence[str], quiz: Quiz) -> Iterator[Answer]:
    """Yield what the network, which is being evaluated, says of each image."""
    return answered(network, shown(network, paths, quiz), quiz)


def shown(network: Network, paths: Sequence[str], quiz: Quiz) -> Iterator[Shown]:
    """Yield the path of each image and its views, None for one that cannot be read."""

    def read(path: str) -> list[Tensor]:
        image = load_image(path, 1 if network.net.channels == 1 else 3)
        return quiz.view(of_channels(image, network.net.channels), network)

    return ahead(paths, read)


def answered(network: Network, images: Iterable[Shown], quiz: Quiz) -> Iterator[Answer]:
    """Yield what the network says of each image that it is shown."""
    tree = hierarchy(network)
    keep = torch.tensor(quiz.leaves) if quiz.leaves else tree.leaves if tree else None
    for batch in grouped(images, batch_size(network)):
        seen = [found for _, found in batch if found is not None]
        scores = iter(summed(network, seen, tree, keep))
        for path, found in batch:
            yield answer(path, quiz, None if found is None else next(scores))


def answer(path: str, quiz: Quiz, scores: Tensor | None) -> Answer:
    """Make the answer about one image of the scores of its classes."""
    truths = tuple(index for index, label in enumerate(quiz.labels) if label in path)
    if scores is None:
        return Answer(path, truths, (), ())
    known = scores[: len(quiz.labels)]
    if len(known) < len(quiz.labels):
        raise DataError(
            f"the network gives {len(known)} numbers: expected at least {len(quiz.labels)},"
            " the classes of the .data file"
        )
    return Answer(path, truths, tuple(best(known, quiz.top)), tuple(scores.tolist()))


def summed(
    network: Network,
    images: Sequence[Sequence[Tensor]],
    tree: Hierarchy | None,
    leaves: Tensor | None,
) -> list[Tensor]:
    """Return the scores [outputs] of images: those of all views of each, added."""
    scores: dict[int, Tensor] = {}
    flat = [(index, view) for index, some in enumerate(images) for view in some]
    for shape, same in groupby(flat, key=lambda item: tuple(item[1].shape)):
        if network.input.tensor != shape:
            network.resize(shape[2], shape[1])
        for some in grouped(same, batch_size(network)):
            shown = batch_of([view for _, view in some], network)
            outputs = result(network, shown).flatten(1).cpu()
            if tree is not None and leaves is not None:
                outputs = tree.products(outputs) * leaves
            for (index, _), row in zip(some, outputs, strict=True):
                scores[index] = scores[index] + row if index in scores else row
    return [scores[index] for index in range(len(images))]


def places(network: Network, top: int, classes: int) -> int:
    """Return how many places count: the fork caps them at the number of classes.

    Darknet: src/classifier.c validate_classifier_single (AlexeyAB)
    """
    return min(top, classes) if CAPPED_AT_CLASSES.of(network.dialect) else top


def parts(count: int) -> list[slice]:
    """Return the parts of about 1000 images in which `validcrop` goes; at least one.

    All parts are as long as the first, so that images at the very end may be left out.

    Darknet: examples/classifier.c validate_classifier_crop
    """
    splits = max(count // 1000, 1)
    starts = [index * count // splits for index in range(splits)]
    return [slice(start, start + count // splits) for start in starts]
