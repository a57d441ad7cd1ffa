"""Ground truth of a classifier: the classes whose labels are part of an image's path."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import DarknetError, DataError
from ..system.text import count_of, excerpt, read_text
from .bad_list import BAD_FILES, BAD_LABELS, Problem
from .files import by_words, read_names
from .labels import UNLABELLED
from .polygons import INTEGER

HIDDEN = -1234.0  # truth of a class whose group in the tree has no true class


def read_labels(path: str, classes: int) -> tuple[str, ...]:
    """Return the first `classes` labels of a file, or refuse one of fewer."""
    labels = read_names(path)[:classes]
    if len(labels) < classes:
        raise DataError(
            f"{count_of(len(labels), 'label')}: expected {classes}, one per class", where=path
        )
    return tuple(labels)


@dataclass(frozen=True)
class Family:
    """A tree of classes: the parent of each class (-1: none), and the size of each group."""

    parents: tuple[int, ...]
    groups: tuple[int, ...]

    def with_ancestors(self, truth: np.ndarray) -> np.ndarray:
        """Set the ancestors of nonzero classes to 1 and hide groups without a true class.

        Darknet: src/data.c fill_hierarchy
        Quirk: SMOOTHED_TREE
        """
        met: set[int] = set()
        for index in np.flatnonzero(truth):
            parent = self.parents[index]
            while parent >= 0 and parent not in met:
                truth[parent] = 1
                met.add(parent)
                parent = self.parents[parent]
        starts = np.cumsum((0, *self.groups[:-1]))
        for start, count in zip(starts, self.groups, strict=True):
            group = truth[start : start + count]
            if not group.any():
                group[:] = HIDDEN
        return truth


@dataclass(frozen=True)
class Classes:
    """How to find an image's classes: by labels, by a file of tags, or by its index in the list.

    `smooth` is the fraction of the truth that is spread over the other classes.
    """

    labels: tuple[str, ...]
    smooth: float = 0.0
    family: Family | None = None
    tags: bool = False
    unsupervised: bool = False

    def truth(self, path: str, index: int) -> tuple[np.ndarray, tuple[Problem, ...]]:
        """Return the truth of an image, given its path and its index in the list, and any problems.

        Darknet: src/data.c load_labels_paths, load_data_tag
        Quirk: UNSUPERVISED_CLASS
        """
        if self.unsupervised:
            found = np.zeros(len(self.labels), np.float32)
            found[index % len(self.labels)] = 1
            return found, ()
        if self.tags:
            return truth_of_tags(path, len(self.labels))
        true = np.array([label in path for label in self.labels])
        truth = smooth_truth(true, self.smooth)
        problems = () if true.sum() == 1 or len(true) == 1 else (label_count_problem(path, true),)
        return self.family.with_ancestors(truth) if self.family else truth, problems


def check_labelled(paths: Sequence[str], labels: Sequence[str]) -> None:
    """Raise DataError if no path of a training contains a label: nothing could be learned."""
    if not any(label in path for path in paths for label in filter(None, labels)):
        expected = f"expected a label in each path, as {excerpt(labels[0])}"
        raise DataError(f"no class in {count_of(len(paths), 'path')}: {expected}", where=paths[0])


def smooth_truth(true: np.ndarray, smooth: float) -> np.ndarray:
    """Return 1 for true classes and 0 for the others, with label smoothing.

    Darknet: src/data.c fill_truth_smooth (AlexeyAB)
    """
    others = np.float32(smooth) / np.float32(max(len(true) - 1, 1))
    return np.where(true, 1 - np.float32(smooth), others).astype(np.float32)


def label_count_problem(path: str, true: np.ndarray) -> Problem:
    """Return the problem of a path that contains no label, or more than one.

    Darknet: src/data.c fill_truth
    """
    message = f"{path}: {true.sum()} of the labels are part of the path: expected one"
    return Problem(message, BAD_LABELS, f"{path} Too many or too few labels: {true.sum()}")


def tags_path(image: str) -> str:
    """Return the path of an image's file of tags.

    Darknet: src/data.c load_tags_paths
    """
    return by_words(image, ("images", ".jpg"))


def truth_of_tags(path: str, classes: int) -> tuple[np.ndarray, tuple[Problem, ...]]:
    """Return the truth, read from the class numbers in an image's file of tags, and any problems.

    Darknet: src/data.c load_tags_paths
    Quirk: MISSING_LABELS
    """
    truth = np.zeros(classes, np.float32)
    file = tags_path(path)
    if not os.path.isfile(file):
        told = f"{file}: no file of tags: no class is true"
        return truth, (Problem(told, BAD_FILES, file, counted=UNLABELLED),)
    try:
        text = read_text(file, "class numbers")
    except DarknetError as error:
        return truth, (Problem(str(error), BAD_FILES, file),)
    problems = []
    for number, line in enumerate(text.split("\n"), start=1):
        for word in line.split():
            if INTEGER.fullmatch(word) and 0 <= int(word) < classes:
                truth[int(word)] = 1
            else:
                message = f"{file}:{number}: class {word}: expected 0 to {classes - 1}"
                problems.append(Problem(message, BAD_LABELS, f"{file} Wrong tag: {word}"))
    return truth, tuple(problems)
