"""The top-1 and top-n accuracy of a classifier."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from ..cfg.lineage import PerLineage
from ..dataset.class_labels import read_labels
from ..dataset.files import DataFile, read_names
from ..dataset.read_ahead import good_images
from ..errors import DataError
from ..graph.executor import Executor
from ..inference.classify import hierarchy, result
from ..inference.predict import batch_of, of_channels
from ..modules.hierarchy import Hierarchy
from ..modules.transforms import load_image
from ..network import Network
from ..runtime.classes import top as best
from ..system.console import note
from ..system.crews import in_order
from ..system.text import count_of
from . import classifier_crops
from .classifier_crops import RESIZING, View
from .dataset_detections import batch_size, evaluation_mode, groups_of

CAPPED_AT_CLASSES = PerLineage(pjreddie=False, alexeyab=True)  # the number of top classes

ImageViews = tuple[str, list[Tensor] | None]


@dataclass(frozen=True)
class Prediction:
    """The prediction of a classifier for an image.

    `truths` are the classes whose labels are in its path. `best` are those with the best scores,
    best first; `scores` are the scores of all classes. Both are empty if the image is unreadable.
    """

    path: str
    truths: tuple[int, ...]
    best: tuple[int, ...]
    scores: tuple[float, ...]

    @property
    def truth(self) -> int:
        """The class of the image: the first whose label is in its path, -1 if none is."""
        return self.truths[0] if self.truths else -1


@dataclass(frozen=True)
class Accuracy:
    """The number of images, and how many have their true class `first` or `among` the top ones."""

    count: int = 0
    first: int = 0
    among: int = 0

    def after(self, prediction: Prediction) -> Accuracy:
        """Return the accuracy with one more image."""
        return Accuracy(
            self.count + 1,
            self.first + (prediction.best[:1] == (prediction.truth,)),
            self.among + (prediction.truth in prediction.best),
        )

    def line(self, number: int, top: int) -> str:
        """Return the line that the `valid` commands print after an image.

        Darknet: examples/classifier.c validate_classifier_single
        """
        first, among = (np.float32(n) / np.float32(self.count) for n in (self.first, self.among))
        return f"{number}: top 1: {first:f}, top {top}: {among:f}"


@dataclass(frozen=True)
class AccuracyOptions:
    """The labels of the classes, the number of top classes, and the views of an image.

    `leaves` are the classes of a tree that count; the default is those without children.
    """

    labels: tuple[str, ...]
    top: int = 1
    view: View = classifier_crops.center_view
    leaves: tuple[bool, ...] = ()


def read_evaluation(
    network: Executor, data: DataFile, view: View, *, leaves: bool = False
) -> tuple[AccuracyOptions, str]:
    """Return how a .data file says that a classifier is evaluated, and the path of its images.

    Darknet: examples/classifier.c validate_classifier_single
    """
    named = data.get_file("labels", "data/labels.list")
    listed = data.find_file("leaves") if leaves else None
    valid = data.get_file("valid", "data/train.list")
    classes, top = data.integer("classes", 2), data.integer("top", 1)
    labels = read_labels(named, classes)
    chosen = leaves_of(network, listed) if listed else ()
    return AccuracyOptions(labels, top_count(network, top, classes), view, chosen), valid


def leaves_of(network: Executor, listed: str) -> tuple[bool, ...]:
    """Return, for each class of the network's tree, whether a file lists it.

    Darknet: src/tree.c change_leaves
    """
    tree, names = hierarchy(network), set(read_names(listed))
    if tree is None:
        raise DataError("lists leaves: expected a network with a tree", where=listed)
    found = tuple(name in names for name in tree.names)
    note(f"Found {sum(found)} leaves.")
    return found


def accuracy_of(network: Network, paths: Sequence[str], options: AccuracyOptions) -> Accuracy:
    """Return the accuracy of a classifier on images.

    The network may be in training; it is unchanged afterwards.

    Darknet: src/classifier.c validate_classifier_single (AlexeyAB)
    """
    accuracy = Accuracy()
    with evaluation_mode(network):
        for prediction in predictions(network, paths, options):
            accuracy = accuracy.after(prediction)
    return accuracy


def predictions(
    network: Network, paths: Sequence[str], options: AccuracyOptions
) -> Iterator[Prediction]:
    """Yield the prediction for each image; the network is in evaluation mode."""
    return predictions_of(network, image_views(network, paths, options), options)


def image_views(
    network: Network, paths: Sequence[str], options: AccuracyOptions
) -> Iterator[ImageViews]:
    """Yield the path of each image and its views, None if it cannot be read."""

    def read(path: str) -> list[Tensor]:
        image = load_image(path, network.image_channels, network.exif)
        return options.view(of_channels(image, network.net.channels), network)

    return good_images(paths, read)


def predictions_of(
    network: Network, images: Iterable[ImageViews], options: AccuracyOptions
) -> Iterator[Prediction]:
    """Yield the prediction for each image from its views.

    Several threads look at batches at once, unless views resize the network.
    """
    tree, size = hierarchy(network), batch_size(network)
    keep = torch.tensor(options.leaves) if options.leaves else tree.leaves if tree else None
    crews = () if options.view in RESIZING else network.crews(size)

    def look(batch: Sequence[ImageViews]) -> list[Tensor]:
        seen = [found for _, found in batch if found is not None]
        with torch.no_grad():  # a setting of the thread
            return view_scores(network, seen, tree, keep)

    for batch, task in in_order(look, groups_of(images, size), crews):
        scores = iter(task.result())
        for path, found in batch:
            yield prediction_of(path, options, None if found is None else next(scores))


def prediction_of(path: str, options: AccuracyOptions, scores: Tensor | None) -> Prediction:
    """Return the prediction for an image from its scores."""
    truths = tuple(index for index, label in enumerate(options.labels) if label in path)
    if scores is None:
        return Prediction(path, truths, (), ())
    known = scores[: len(options.labels)]
    if len(known) < len(options.labels):
        raise DataError(
            f"the network returns {count_of(len(known), 'number')}:"
            f" expected at least {len(options.labels)}, the classes of the .data file"
        )
    return Prediction(path, truths, tuple(best(known.numpy(), options.top)), tuple(scores.tolist()))


def view_scores(
    network: Executor,
    images: Sequence[Sequence[Tensor]],
    tree: Hierarchy | None,
    leaves: Tensor | None,
) -> list[Tensor]:
    """Return the scores [outputs] of each image: the sum over its views."""
    scores: dict[int, Tensor] = {}
    flat = [(index, view) for index, some in enumerate(images) for view in some]
    for shape, same in groupby(flat, key=lambda item: tuple(item[1].shape)):
        if network.input.tensor != shape:
            network.resize(shape[2], shape[1])
        for some in groups_of(same, batch_size(network)):
            shown = batch_of([view for _, view in some], network)
            outputs = result(network, shown).flatten(1).cpu()
            if tree is not None and leaves is not None:
                outputs = tree.products(outputs) * leaves
            for (index, _), row in zip(some, outputs, strict=True):
                scores[index] = scores[index] + row if index in scores else row
    return [scores[index] for index in range(len(images))]


def top_count(network: Executor, top: int, classes: int) -> int:
    """Return the number of top classes; the fork caps it at the number of classes.

    Darknet: src/classifier.c validate_classifier_single (AlexeyAB)
    """
    return min(top, classes) if CAPPED_AT_CLASSES.of(network.dialect) else top


def crop_parts(count: int) -> list[slice]:
    """Return the slices of about 1000 images that `validcrop` evaluates one by one.

    All are as long as the first, so a few images at the end may be left out.

    Darknet: examples/classifier.c validate_classifier_crop
    """
    splits = max(count // 1000, 1)
    starts = [index * count // splits for index in range(splits)]
    return [slice(start, start + count // splits) for start in starts]
